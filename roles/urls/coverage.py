"""/roller/daekning/: which seats are filled."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from roles.views import coverage

urlpatterns: list[URLPattern | URLResolver] = [
    path("roller/daekning/", coverage.Coverage.as_view(), name="coverage"),
]
