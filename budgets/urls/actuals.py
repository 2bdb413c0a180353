"""Addresses of actuals."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from budgets.views import actual_import, actuals, postings

actual_urls: list[URLPattern | URLResolver] = [
    path("", actuals.ActualList.as_view(), name="actual-list"),
    path("ny/", actuals.ActualCreate.as_view(), name="actual-create"),
    path("indlaes/", actual_import.ImportPage.as_view(), name="actual-import"),
    path("uplaceret/", actuals.ActualsUnplaced.as_view(), name="actual-unplaced"),
    path("filer/<int:pk>/", actual_import.ImportDetail.as_view(), name="actual-import-detail"),
    path(
        "filer/<int:pk>/tag-tilbage/", actual_import.ImportTakeBack.as_view(), name="actual-import-take-back"
    ),
    path("posteringer/", postings.PostingList.as_view(), name="actual-postings"),
    path("posteringer/<int:pk>/", postings.PostingDetail.as_view(), name="actual-detail"),
    path("posteringer/<int:pk>/flyt/", postings.PostingMove.as_view(), name="actual-move"),
    path("posteringer/<int:pk>/tilbagefoer/", postings.PostingReverse.as_view(), name="actual-reverse"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("budget/<int:year>/forbrug/", include(actual_urls)),
]
