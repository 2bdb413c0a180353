"""What in a file of actuals gives reason to think again before it is booked: rows that look booked already, last year's
file, months that have not begun."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Count, Sum

from budgets.importing.actuals import MONTH_NAMES, Posting, Sheet
from budgets.models import Actual, ActualImport, ActualSource, BudgetYear
from budgets.words import exact
from foi_portal.core.keys import among
from foi_portal.core.money import ZERO
from foi_portal.ui import formats

Said = tuple[int, Decimal, str, str]


def alike(year: BudgetYear, fresh: Sequence[Posting], known: Sequence[Posting]) -> set[str]:
    """The keys of those ``fresh`` rows that say what a posting of the year says: month, amount, account and text.

    A file in another format, or with a column more, is not known by its rows' content, but would be booked twice. Each
    posting counts for one row, and those that the file's ``known`` rows stand for do not count. One query.
    """
    if not fresh:
        return set()
    months = {posting.month for posting in fresh}
    rows = Actual.objects.filter(year=year, month__in=months).standing().order_by()
    counted = rows.values_list("month", "amount", "account", "text").annotate(Count("pk"))
    there: Counter[Said] = Counter(
        {(month, amount, account, text): count for month, amount, account, text, count in counted}
    )
    there.subtract(_said(posting) for posting in known)
    found = set()
    for posting in fresh:
        if there[_said(posting)] > 0:
            there[_said(posting)] -= 1
            found.add(posting.key)
    return found


def _said(posting: Posting) -> Said:
    return posting.month, posting.amount, posting.account, posting.text


def doubts(
    year: BudgetYear, sheet: Sheet, new: Sequence[tuple[Posting, int | None]], on: datetime.date
) -> list[str]:
    """Sentences in Danish about what is odd in the new rows (with their lines), seen from ``on``. Two queries."""
    if not new:
        return []
    found = []
    elsewhere = ActualImport.objects.filter(digest=sheet.digest, taken_back_at=None).exclude(year=year)
    for file in elsewhere.select_related("year").order_by("-at")[:1]:
        found.append(f"Den samme fil er indlæst for {file.year.year} ({formats.moment(file.at)}).")
    if year.year == on.year and (later := {it.month for it, _ in new if it.month > on.month}):
        count = sum(it.month > on.month for it, _ in new)
        names = ", ".join(MONTH_NAMES[month - 1] for month in sorted(later))
        found.append(f"{_rows(count)} i {names} {year.year}, som ikke er begyndt. Er det sidste års fil?")
    lines = {line for _, line in new if line is not None}
    sheets = Actual.objects.filter(year=year, source=ActualSource.SHEET, line__in=among(lines)).standing()
    there = sheets.aggregate(total=Sum("amount"), lines=Count("line", distinct=True))
    if there["lines"]:
        total = exact(there["total"] or ZERO)
        found.append(
            f"{there['lines']} af linjerne har i forvejen årets samlede forbrug fra budgetarket, {total} kr. Så "
            "tæller det to gange. Tilbagefør posteringerne fra budgetarket først."
        )
    return found


def _rows(count: int) -> str:
    return "1 række er" if count == 1 else f"{formats.plain(count)} rækker er"


__all__ = ["alike", "doubts"]
