"""/roller/tildelinger/: who holds what."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from registry.urls import pages
from roles.views import assignments, handing_over

assignment_urls: list[URLPattern | URLResolver] = [
    *pages(
        "assignment",
        "<int:pk>",
        list=assignments.AssignmentList,
        create=assignments.AssignmentCreate,
        detail=assignments.AssignmentDetail,
        update=assignments.AssignmentUpdate,
        archive=assignments.AssignmentArchive,
        restore=assignments.AssignmentRestore,
        history=assignments.AssignmentHistory,
    ),
    path("<int:pk>/afslut/", handing_over.AssignmentEnd.as_view(), name="assignment-end"),
    path("<int:pk>/overdrag/", handing_over.AssignmentHandOver.as_view(), name="assignment-handover"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("roller/tildelinger/", include(assignment_urls)),
    path("personer/<int:pk>/overdrag/", handing_over.PersonTransfer.as_view(), name="person-transfer"),
    path("opslag/omfang/", assignments.scope_lookup, name="scope-lookup"),
]
