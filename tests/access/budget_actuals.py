"""Who may do what with actuals: amounts are for FOI, the kontorchef and administrators, who only look."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from budgets.models import Actual, ActualImport, BudgetYear
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from tests import factories
from tests.access.rules import Rule

SEE = frozenset({FOI, MANAGER, ADMINISTRATOR})
BOOK = frozenset({FOI, MANAGER})
YEAR, POSTING, FILE = ("actuals_year",), ("actuals_year", "actuals_posting"), ("actuals_year", "actuals_file")

RULES: dict[str, Rule] = {
    "actual-list": Rule(SEE, None, YEAR),
    "actual-create": Rule(BOOK, BOOK, YEAR),
    "actual-import": Rule(BOOK, BOOK, YEAR),
    "actual-unplaced": Rule(SEE, BOOK, YEAR),
    "actual-import-detail": Rule(SEE, None, FILE),
    "actual-import-take-back": Rule(None, BOOK, FILE),
    "actual-postings": Rule(SEE, None, YEAR),
    "actual-detail": Rule(SEE, None, POSTING),
    "actual-move": Rule(None, BOOK, POSTING),
    "actual-reverse": Rule(None, BOOK, POSTING),
}
MISSING: dict[str, Any] = {"actuals_year": 2099, "actuals_posting": 0, "actuals_file": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A year with a posting and a file that was read."""
    year = BudgetYear.objects.create(year=2001)
    file = ActualImport.objects.create(
        year=year, file_name="a.csv", digest="x", by=factories.user(), at=timezone.now()
    )
    posting = Actual.objects.create(year=year, month=1, amount=5, batch=file)
    return {"actuals_year": year.year, "actuals_posting": posting.pk, "actuals_file": file.pk}
