"""Addresses of sharing out and budget responsibility."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from budgets.views import responsibilities, sharing, sharing_edit
from registry.urls import pages

YEAR = "budget/<int:year>"

urlpatterns: list[URLPattern | URLResolver] = [
    # /budget/ansvar/
    path(
        "budget/ansvar/",
        include(
            pages(
                "responsibility",
                "<code:code>",
                list=responsibilities.ResponsibilityList,
                create=responsibilities.ResponsibilityCreate,
                detail=responsibilities.ResponsibilityDetail,
                update=responsibilities.ResponsibilityUpdate,
                archive=responsibilities.ResponsibilityArchive,
                restore=responsibilities.ResponsibilityRestore,
                history=responsibilities.ResponsibilityHistory,
            )
        ),
    ),
    # /budget/<year>/fordeling/
    path(f"{YEAR}/fordeling/", sharing.YearSharing.as_view(), name="sharing-list"),
    path(f"{YEAR}/<code:code>/brugere/", sharing.ComponentUsers.as_view(), name="sharing-users"),
    path(f"{YEAR}/<code:code>/fordeling/ret/", sharing_edit.SharingUpdate.as_view(), name="sharing-update"),
    path(
        f"{YEAR}/<code:code>/fordeling/arkiver/",
        sharing_edit.SharingArchive.as_view(),
        name="sharing-archive",
    ),
    path(
        f"{YEAR}/<code:code>/fordeling/historik/",
        sharing_edit.SharingHistory.as_view(),
        name="sharing-history",
    ),
]
