"""/konsekvens/personer.csv: the people concerned by an impact answer."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from roles.views import panels

urlpatterns: list[URLPattern | URLResolver] = [
    path("konsekvens/personer.csv", panels.ImpactPeople.as_view(), name="impact-people"),
]
