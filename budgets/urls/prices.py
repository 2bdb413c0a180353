"""Addresses of the price catalogue, assumptions, computing and «hvad nu hvis»."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from budgets.views import assumptions, computing, prices
from registry.urls import pages

price_urls = [
    *pages(
        "price",
        "<code:code>",
        list=prices.PriceList,
        create=prices.PriceCreate,
        detail=prices.PriceDetail,
        update=prices.PriceUpdate,
        archive=prices.PriceArchive,
        restore=prices.PriceRestore,
        history=prices.PriceHistory,
    ),
    path("<code:code>/pris/ny/", prices.PriceYearCreate.as_view(), name="price-year-create"),
    path("<code:code>/pris/<int:pk>/ret/", prices.PriceYearUpdate.as_view(), name="price-year-update"),
    path("<code:code>/pris/<int:pk>/arkiver/", prices.PriceYearArchive.as_view(), name="price-year-archive"),
    path("<code:code>/pris/<int:pk>/gendan/", prices.PriceYearRestore.as_view(), name="price-year-restore"),
]
assumption_urls = [
    path("aar/", assumptions.AssumptionTable.as_view(), name="assumption-table"),  # no code is in lower case
    *pages(
        "assumption",
        "<code:code>",
        list=assumptions.AssumptionList,
        create=assumptions.AssumptionCreate,
        detail=assumptions.AssumptionDetail,
        update=assumptions.AssumptionUpdate,
        archive=assumptions.AssumptionArchive,
        restore=assumptions.AssumptionRestore,
        history=assumptions.AssumptionHistory,
    ),
    path("<code:code>/vaerdier/", assumptions.AssumptionValues.as_view(), name="assumption-values"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("budget/priser/", include(price_urls)),
    path("budget/forudsaetninger/", include(assumption_urls)),
    path("budget/<int:year>/beregn/", computing.Compute.as_view(), name="budget-compute"),
    path("budget/<int:year>/hvad-nu-hvis/", computing.WhatIf.as_view(), name="budget-what-if"),
]
