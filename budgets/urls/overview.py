"""Addresses of the overview. The last one takes any word, so this module comes last."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from budgets.views import explaining, overview

urlpatterns: list[URLPattern | URLResolver] = [
    path("budget/", overview.Years.as_view(), name="budget-list"),
    path("budget/<int:year>/", overview.Year.as_view(), name="budget-year"),
    path("budget/<int:year>/set/", explaining.Visit.as_view(), name="budget-visit"),
    path(
        "budget/<int:year>/afvigelser/<int:pk>/",
        explaining.ExplanationUpdate.as_view(),
        name="explanation-update",
    ),
    path("budget/<int:year>/<code:code>/", overview.Component.as_view(), name="budget-component"),
]
