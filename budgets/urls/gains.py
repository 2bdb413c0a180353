"""Addresses of gains and business cases."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from budgets.views import business_cases, gains, possible_gains
from registry.urls import pages

gain_urls: list[URLPattern | URLResolver] = [
    path("mulige/", possible_gains.PossibleGains.as_view(), name="gain-possible"),
    path("mulige/<code:key>/afvis/", possible_gains.RejectGain.as_view(), name="gain-reject"),
    path("business-case/", business_cases.BusinessCases.as_view(), name="business-case-list"),
    path("business-case/<code:code>/", business_cases.BusinessCase.as_view(), name="business-case"),
    *pages(
        "gain",
        "<int:pk>",
        list=gains.GainList,
        create=gains.GainCreate,
        detail=gains.GainDetail,
        update=gains.GainUpdate,
        archive=gains.GainArchive,
        restore=gains.GainRestore,
        history=gains.GainHistory,
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [path("gevinster/", include(gain_urls))]
