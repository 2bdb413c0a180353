"""/bekraeftelser/: confirming the facts of one's systems."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from roles.views import confirmation, rounds

urlpatterns: list[URLPattern | URLResolver] = [
    path("fagsystemer/<code:code>/bekraeft/", confirmation.AssetConfirm.as_view(), name="asset-confirm"),
    path("bekraeftelser/", rounds.RoundList.as_view(), name="round-list"),
    path("bekraeftelser/ny/", rounds.RoundCreate.as_view(), name="round-create"),
    path("bekraeftelser/<int:pk>/", rounds.RoundDetail.as_view(), name="round-detail"),
    path("bekraeftelser/<int:pk>/ret/", rounds.RoundUpdate.as_view(), name="round-update"),
    path("bekraeftelser/<int:pk>/afslut/", rounds.RoundClose.as_view(), name="round-close"),
    path("bekraeftelser/<int:pk>/historik/", rounds.RoundHistory.as_view(), name="round-history"),
]
