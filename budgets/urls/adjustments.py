"""Addresses of adjustments, versions and follow-ups."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from budgets.views import adjustments, forecasts, indexation, versions
from budgets.views.year import line_lookup

adjustment_urls: list[URLPattern | URLResolver] = [
    path("", adjustments.AdjustmentList.as_view(), name="adjustment-list"),
    path("ny/", adjustments.AdjustmentCreate.as_view(), name="adjustment-create"),
    path("pl/", indexation.AdjustmentIndexation.as_view(), name="adjustment-indexation"),
    path("<int:pk>/", adjustments.AdjustmentDetail.as_view(), name="adjustment-detail"),
    path("<int:pk>/historik/", adjustments.AdjustmentHistory.as_view(), name="adjustment-history"),
    path("<int:pk>/godkend/", adjustments.AdjustmentApprove.as_view(), name="adjustment-approve"),
    path("<int:pk>/afvis/", adjustments.AdjustmentRefuse.as_view(), name="adjustment-refuse"),
    path("<int:pk>/traek-tilbage/", adjustments.AdjustmentWithdraw.as_view(), name="adjustment-withdraw"),
]

forecast_urls: list[URLPattern | URLResolver] = [
    path("", forecasts.ForecastList.as_view(), name="forecast-list"),
    path("ny/", forecasts.ForecastCreate.as_view(), name="forecast-create"),
    path("<int:pk>/", forecasts.ForecastDetail.as_view(), name="forecast-detail"),
    path("<int:pk>/ret/", forecasts.ForecastUpdate.as_view(), name="forecast-update"),
    path("<int:pk>/historik/", forecasts.ForecastHistory.as_view(), name="forecast-history"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("budget/<int:year>/aendringer/", include(adjustment_urls)),
    path("budget/<int:year>/opfoelgninger/", include(forecast_urls)),
    path("budget/<int:year>/versioner/", versions.Versions.as_view(), name="budget-versions"),
    path("opslag/budgetlinjer/", line_lookup, name="budget-line-lookup"),
]
