"""Addresses of coordination, one module per subject. They are links people save: keep them (DESIGN §4)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from coordination.urls import deadlines, findings, reminders

urlpatterns: list[URLPattern | URLResolver] = [
    *reminders.urlpatterns,
    *deadlines.urlpatterns,
    *findings.urlpatterns,
]
