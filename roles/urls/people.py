"""/personer/: people and their absences."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from roles.views import absences, merging, people

urlpatterns: list[URLPattern | URLResolver] = [
    path("personer/", people.PersonList.as_view(), name="person-list"),
    path("personer/ny/", people.PersonCreate.as_view(), name="person-create"),
    path("personer/<int:pk>/", people.PersonDetail.as_view(), name="person-detail"),
    path("personer/<int:pk>/ret/", people.PersonUpdate.as_view(), name="person-update"),
    path("personer/<int:pk>/historik/", people.PersonHistory.as_view(), name="person-history"),
    path("personer/<int:pk>/laeg-sammen/", merging.PersonMerge.as_view(), name="person-merge"),
    path("personer/<int:pk>/fravaer/", absences.AbsenceCreate.as_view(), name="absence-create"),
    path("personer/fravaer/<int:pk>/ret/", absences.AbsenceUpdate.as_view(), name="absence-update"),
    path("personer/fravaer/<int:pk>/arkiver/", absences.AbsenceArchive.as_view(), name="absence-archive"),
    path("opslag/personer/", people.person_lookup, name="person-lookup"),
]
