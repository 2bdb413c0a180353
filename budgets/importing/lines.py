"""``budget_lines.csv``: what a component costs in a year, matched on component, year, kind and funding.

An adopted year's amounts are left to adjustments. ``actual_dkk`` is all that was spent on the line so far: what that
differs from the postings there are is booked as one posting, so reading a file twice changes nothing.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from budgets.models import (
    FIRST_YEAR,
    LAST_YEAR,
    Actual,
    ActualSource,
    BudgetLine,
    BudgetYear,
    CostType,
    Funding,
    YearState,
)
from foi_portal.core.money import ZERO, BadAmount, parse_amount
from registry.importing import Column, FileFormat, FilePlan, ImportRefused, Judged, Key, Look, RowPlan, Stored
from registry.importing.formats import Values, choice_of, one_line
from registry.importing.values import BadValue, parse_choice, parse_code, parse_whole
from registry.models import Asset

YES_NO = {"yes": "ja", "no": "nej"}
# What an adopted year's line may still be told: how it is described. Its amounts change by adjustments.
DESCRIBING = ("note", "illustrative")
BATCH = 1_000


def parse_year(text: str) -> int | None:
    return parse_whole(text, FIRST_YEAR, LAST_YEAR)


def parse_money(text: str) -> Decimal | None:
    """DKK, or ``None`` where nothing is written: not known, never 0."""
    try:
        return parse_amount(text)
    except BadAmount as error:
        raise BadValue(str(error)) from error


def parse_yes_no(text: str) -> bool:
    return parse_choice(text, YES_NO) == "yes"


def licence_is_not_negative(values: Values) -> Iterator[tuple[str, str]]:
    original = values.get("original")
    if values.get("cost_type") == CostType.LICENCE and original is not None and original < 0:
        yield (
            "budget_dkk",
            "En licens kan ikke koste mindre end 0 kr. Skriv en kreditnota som forbrug i stedet.",
        )


def booking_month(year: int, on: datetime.date) -> int | None:
    """The month that ``year``'s total so far is booked in, seen from the day ``on``: the last one that has ended.

    In the first January that is January itself. ``None``: the year has not begun.
    """
    if year > on.year:
        return None
    return 12 if year < on.year else max(on.month - 1, 1)


def stored() -> dict[Key, Stored]:
    """The lines by the file's key, a current one before an archived. ``several`` counts the lines that share it."""
    spent = dict(
        Actual.objects.order_by().exclude(line=None).values_list("line").annotate(total=Sum("amount"))
    )
    rows = BudgetLine.objects.order_by("archived_at", "pk").values_list(
        "pk",
        "version",
        "archived_at",
        "component__code",
        "year__year",
        "cost_type",
        "funding",
        "original",
        "note",
        "illustrative",
        "price_model_id",
    )
    found: dict[Key, Stored] = {}
    for pk, version, archived_at, code, year, kind, funding, original, note, illustrative, model in rows:
        key = (code, str(year), kind, funding)
        values = {
            "component": code,
            "year": year,
            "cost_type": kind,
            "funding": funding,
            "original": original,
            "spent": spent.get(pk),
            "note": note,
            "illustrative": illustrative,
            "computed": model is not None,
            "is_archived": archived_at is not None,
            "several": 1,
        }
        here = found.get(key)
        if here is None or (here.values["is_archived"] and archived_at is None):
            found[key] = Stored(
                pk, version, False, values
            )  # an archived one is a fault of ours to name, in ``judge``
        elif archived_at is None:
            here.values["several"] += 1
    return found


def judge(look: Look) -> None:
    """Say what the years' states, and what stands in the portal, do not allow."""
    today = timezone.localdate()
    states = dict(BudgetYear.objects.values_list("year", "state"))
    missing: dict[int, int] = {}
    for row in look.rows:
        year = row.values.get("year")
        if year is None:
            continue
        if year not in states:
            missing.setdefault(year, row.row)
        if row.old is not None and row.old.values["several"] > 1:
            message = (
                f"Der er {row.old.values['several']} linjer, som kun skiller sig ud ved budgetenheden. "
                "Ret dem i portalen, og slet rækken."
            )
            look.say(row.row, "component_code", row.key[0], message)
            continue
        _check_row(look, row, states.get(year, YearState.DRAFT), today)
    for year, first in sorted(missing.items()):
        look.note(first, "year", str(year), f"Budgetår {year} er der ikke endnu. Det oprettes som kladde.")
    _leave_unknown_spending(look.plan)


def _check_row(look: Look, row: Judged, state: str, today: datetime.date) -> None:
    changed = _changed(row)
    if not changed and row.old is not None:
        return
    old = row.old.values if row.old is not None else {}
    if old.get("is_archived"):
        message = "Linjen er arkiveret i portalen. Gendan den først, eller slet rækken."
        look.say(row.row, "component_code", row.key[0], message)
        return
    _check_amount(look, row, state, changed)
    spent = row.values.get("spent")
    if "spent" not in changed or spent is None:
        return
    if state == YearState.CLOSED:
        message = f"{row.values['year']} er lukket, og forbruget kan ikke ændres. {_stands(old.get('spent'))}"
        look.say(row.row, "actual_dkk", _written(spent), message)
    elif booking_month(row.values["year"], today) is None:
        message = f"{row.values['year']} er ikke begyndt, så der kan ikke være forbrug. Slet beløbet."
        look.say(row.row, "actual_dkk", _written(spent), message)


def _changed(row: Judged) -> set[str]:
    """The fields that the row would change. What has been spent and is not told is left as it is."""
    before = row.old.values if row.old is not None else {}
    changed = {name for name, value in row.values.items() if value != before.get(name)}
    return changed - {"spent"} if row.values.get("spent") is None else changed


def _check_amount(look: Look, row: Judged, state: str, changed: set[str]) -> None:
    year, original = row.values["year"], row.values.get("original")
    if state != YearState.DRAFT and row.old is None:
        look.say(
            row.row, "component_code", row.key[0], f"{_locked(year, state)} En ny linje laves i portalen."
        )
    elif state == YearState.CLOSED and changed & set(DESCRIBING):
        column = "note" if "note" in changed else "illustrative"
        look.say(
            row.row, column, str(row.values.get(column) or ""), f"{year} er lukket. Linjen kan ikke rettes."
        )
    if row.old is None or "original" not in changed:
        return
    stands = _stands(row.old.values["original"])
    if state != YearState.DRAFT:
        look.say(row.row, "budget_dkk", _written(original), f"{_locked(year, state)} {stands}")
    elif row.old.values["computed"]:
        message = (
            "Linjen regnes ud af en prismodel. Regn den ud igen i portalen, eller tag prismodellen af linjen."
        )
        look.say(row.row, "budget_dkk", _written(original), f"{message} {stands}")


def _locked(year: int, state: str) -> str:
    if state == YearState.SUBMITTED:
        return f"Budget {year} er indsendt til godkendelse. Få det sendt tilbage først."
    if state == YearState.CLOSED:
        return f"Budget {year} er lukket. Kun kontorchefen kan genåbne det."
    return f"Budget {year} er godkendt. Lav en budgetændring i stedet."


def _stands(amount: Decimal | None) -> str:
    return f"Der står {_written(amount) or 'ikke noget beløb'} i portalen."


def _written(amount: Decimal | None) -> str:
    """1.234,50: as people write it."""
    return "" if amount is None else f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def _leave_unknown_spending(plan: FilePlan) -> None:
    """An empty ``actual_dkk`` says that nobody knows, not that the postings are to be taken back."""
    kept = []
    for row in plan.updated:
        if "spent" in row.after and row.after["spent"] is None:
            del row.before["spent"], row.after["spent"]
        if row.after:
            kept.append(row)
        else:
            plan.unchanged += 1
    plan.updated = kept


def write(plan: FilePlan) -> None:
    """Write the lines and book what was spent. Errors: ``ImportRefused`` when somebody came in between."""
    wanted = {int(row.key[1]) for row in (*plan.created, *plan.updated)}
    BudgetYear.objects.bulk_create(
        BudgetYear(year=year)
        for year in sorted(wanted - set(BudgetYear.objects.values_list("year", flat=True)))
    )
    # The years are locked, so that nobody approves or closes one of them while its lines are written.
    years = {year.year: year for year in BudgetYear.objects.select_for_update().filter(year__in=wanted)}
    lines = _lock(plan.updated)
    for row in plan.created:
        if not years[int(row.key[1])].is_draft:
            raise ImportRefused(CHANGED)
    created = _create(plan.created, years)
    _update(plan.updated, lines, years)
    _book([*zip(plan.created, created, strict=True), *((row, lines[row.pk]) for row in plan.updated)], years)


CHANGED = "Budgettet er ændret imens, og intet er indlæst. Prøv igen."


def _lock(rows: list[RowPlan]) -> dict[int | None, BudgetLine]:
    lines: dict[int | None, BudgetLine] = {}
    keys = sorted(row.pk for row in rows if row.pk is not None)
    for start in range(0, len(keys), BATCH):
        batch = (
            BudgetLine.objects.select_for_update().order_by("pk").filter(pk__in=keys[start : start + BATCH])
        )
        lines |= {line.pk: line for line in batch}
    if any(row.pk not in lines or lines[row.pk].version != row.version for row in rows):
        raise ImportRefused(CHANGED)
    return lines


def _create(rows: list[RowPlan], years: Mapping[int, BudgetYear]) -> list[BudgetLine]:
    components = dict(Asset.objects.components().values_list("code", "pk"))
    return BudgetLine.objects.bulk_create(
        (
            BudgetLine(
                year=years[row.after["year"]],
                component_id=components[row.after["component"]],
                **{
                    name: row.after[name]
                    for name in ("cost_type", "funding", "original", "note", "illustrative")
                    if name in row.after
                },
            )
            for row in rows
        ),
        batch_size=BATCH,
    )


def _update(
    rows: list[RowPlan], lines: Mapping[int | None, BudgetLine], years: Mapping[int, BudgetYear]
) -> None:
    by_fields: dict[tuple[str, ...], list[BudgetLine]] = defaultdict(list)
    for row in rows:
        line, fields = lines[row.pk], tuple(sorted(row.after.keys() - {"spent"}))
        if "original" in fields and not years[int(row.key[1])].is_draft:
            raise ImportRefused(CHANGED)
        for name in fields:
            setattr(line, name, row.after[name])
        if fields:
            by_fields[fields].append(line)
    for fields, changed in by_fields.items():
        BudgetLine.objects.bulk_update(changed, fields, batch_size=BATCH)


def _book(rows: list[tuple[RowPlan, BudgetLine]], years: Mapping[int, BudgetYear]) -> None:
    """One posting per line: what the file's total differs from the postings there are."""
    today = timezone.localdate()
    told = [(row, line) for row, line in rows if row.after.get("spent") is not None]
    before: dict[int, Decimal] = {}
    keys = [line.pk for _, line in told]
    for start in range(0, len(keys), BATCH):
        sums = Actual.objects.order_by().filter(line__in=keys[start : start + BATCH]).values_list("line")
        before |= dict(sums.annotate(total=Sum("amount")))
    postings = []
    for row, line in told:
        year = years[int(row.key[1])]
        month = booking_month(year.year, today)
        if year.state == YearState.CLOSED or month is None or before.get(line.pk) != row.before.get("spent"):
            raise ImportRefused(CHANGED)
        postings.append(
            Actual(
                year=year,
                line=line,
                month=month,
                amount=row.after["spent"] - before.get(line.pk, ZERO),
                text="Årets forbrug ifølge budgetarket",
                source=ActualSource.SHEET,
            )
        )
    Actual.objects.bulk_create(postings, batch_size=BATCH)


BUDGET_LINES = FileFormat(
    name="budget_lines",
    label="Budgetlinjer",
    model=BudgetLine,
    keys=("component_code", "year", "kind", "funding"),
    shown=4,
    columns=(
        Column(
            "component_code", "component", parse_code, required=True, refers="component", also="component"
        ),
        Column("year", "year", parse_year, required=True),
        Column("kind", "cost_type", choice_of(CostType), required=True),
        Column("budget_dkk", "original", parse_money, also="original"),
        Column("actual_dkk", "spent", parse_money, label="Forbrug i alt", also="actual"),
        Column("funding", "funding", choice_of(Funding), required=True),
        Column("note", "note", one_line(500)),
        Column("illustrative", "illustrative", parse_yes_no),
    ),
    computed=("revised", "forecast", "deviation", "updated_at"),
    rules=(licence_is_not_negative,),
    judge=judge,
    stored=stored,
    write=write,
    needs=(
        "budgets.add_budgetyear",
        "budgets.add_budgetline",
        "budgets.change_budgetline",
        "budgets.add_actual",
    ),
)

__all__ = ["BUDGET_LINES", "booking_month", "parse_money"]
