"""Addresses of budgets, one module per subject. They are links people save: keep them (DESIGN §4)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from budgets.urls import actuals, adjustments, gains, overview, prices, sharing, years

urlpatterns: list[URLPattern | URLResolver] = [
    *prices.urlpatterns,
    *sharing.urlpatterns,
    *gains.urlpatterns,
    *years.urlpatterns,
    *actuals.urlpatterns,
    *adjustments.urlpatterns,
    # last: /budget/<year>/<code>/ would take the words of the others for codes
    *overview.urlpatterns,
]
