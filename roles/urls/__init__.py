"""Addresses of people and roles, one module per subject. They are links people save: keep them (DESIGN §4)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from roles.urls import assignments, catalogue, confirmation, coverage, panels, people, vulnerability

urlpatterns: list[URLPattern | URLResolver] = [
    *people.urlpatterns,
    # before the catalogue, whose codes stand where these have words
    *coverage.urlpatterns,
    *assignments.urlpatterns,
    *vulnerability.urlpatterns,
    *catalogue.urlpatterns,
    *confirmation.urlpatterns,
    *panels.urlpatterns,
]
