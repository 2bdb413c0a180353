"""/oprydning/: hygiene findings."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from coordination.views import finding_bulk, findings

urlpatterns: list[URLPattern | URLResolver] = [
    path("oprydning/", findings.FindingList.as_view(), name="finding-list"),
    path("oprydning/gennemgang/", findings.FindingRun.as_view(), name="finding-run"),
    path("oprydning/masseret/", finding_bulk.FindingBulk.as_view(), name="finding-bulk"),
    path("oprydning/<int:pk>/", findings.FindingDetail.as_view(), name="finding-detail"),
    path("oprydning/<int:pk>/accepter/", findings.FindingAccept.as_view(), name="finding-accept"),
    path("oprydning/<int:pk>/fortryd/", findings.FindingTakeBack.as_view(), name="finding-take-back"),
    path("oprydning/<int:pk>/ansvarlig/", findings.FindingOwner.as_view(), name="finding-owner"),
    path("oprydning/<int:pk>/historik/", findings.FindingHistory.as_view(), name="finding-history"),
]
