"""Addresses of coordination, one module per subject. They are links people save: keep them (DESIGN §4)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("coordination.urls.reminders")),
    path("", include("coordination.urls.deadlines")),
]
