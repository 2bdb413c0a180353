"""Addresses of budget years and their lines."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from budgets.views import lines, years

line_urls: list[URLPattern | URLResolver] = [
    path("", lines.LineList.as_view(), name="line-list"),
    path("ny/", lines.LineCreate.as_view(), name="line-create"),
    path("<int:pk>/ret/", lines.LineUpdate.as_view(), name="line-update"),
    path("<int:pk>/arkiver/", lines.LineArchive.as_view(), name="line-archive"),
    path("<int:pk>/gendan/", lines.LineRestore.as_view(), name="line-restore"),
    path("<int:pk>/historik/", lines.LineHistory.as_view(), name="line-history"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("budget/ny/", years.YearCreate.as_view(), name="budget-year-create"),
    path("budget/<int:year>/ret/", years.YearUpdate.as_view(), name="budget-year-update"),
    path("budget/<int:year>/historik/", years.YearHistory.as_view(), name="budget-year-history"),
    # from draft to closed
    path("budget/<int:year>/indsend/", years.YearSubmit.as_view(), name="budget-year-submit"),
    path("budget/<int:year>/send-tilbage/", years.YearReturn.as_view(), name="budget-year-return"),
    path("budget/<int:year>/godkend/", years.YearApprove.as_view(), name="budget-year-approve"),
    path("budget/<int:year>/genaabn/", years.YearReopen.as_view(), name="budget-year-reopen"),
    path("budget/<int:year>/luk/", years.YearClose.as_view(), name="budget-year-close"),
    path("budget/<int:year>/linjer/", include(line_urls)),
]
