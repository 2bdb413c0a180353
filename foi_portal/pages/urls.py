"""Addresses of the pages that need several apps."""

from django.urls import path

from foi_portal.pages import front, health, history, search

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("soeg/", search.search_view, name="search"),
    path("", front.FrontPage.as_view(), name="front"),
    path("historik/", history.HistoryList.as_view(), name="history"),
    path("historik/<uuid:change_set>/", history.ChangeSetDetail.as_view(), name="changeset"),
]
