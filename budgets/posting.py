"""Booking actuals: a file's rows, one typed in, and placing those that fitted no line. All or nothing each time."""

from __future__ import annotations

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from budgets import doubts
from budgets.importing.actuals import Posting, Postings, Sheet, read_postings
from budgets.models import Actual, ActualImport, ActualSource, BudgetLine, BudgetYear, YearState
from foi_portal.core import history
from foi_portal.core.models import Change, User
from foi_portal.core.money import ZERO

BATCH = 1_000


class Refused(Exception):  # noqa: N818  (the portal refuses; nothing has been written)
    """Nothing was booked; the text says why, in Danish."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A row that would be booked, on a line or to be placed (then ``why`` there is no line). ``alike``: it says the
    same as a posting that is booked already, but stands in a file of another shape."""

    posting: Posting
    line: int | None
    why: str = ""
    alike: bool = False


@dataclass(slots=True)
class Booking:
    """What a file would do. ``known`` are rows read before; ``doubts`` must be answered with yes before it is done."""

    new: list[Planned] = field(default_factory=list)
    known: int = 0
    faults: list[tuple[int, str, str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def unplaced(self) -> list[Planned]:
        return [it for it in self.new if it.line is None]

    @property
    def alike(self) -> list[Planned]:
        return [it for it in self.new if it.alike]

    @property
    def faulty_rows(self) -> int:
        return len({row for row, *_ in self.faults})

    @property
    def total(self) -> Decimal:
        return sum((it.posting.amount for it in self.new), ZERO)

    def digest(self) -> str:
        """The same for two bookings exactly when they would write the same after the same questions."""
        new = [(it.posting.key, it.line, it.alike) for it in self.new]
        said = new, sorted({row for row, *_ in self.faults}), self.doubts
        return hashlib.sha256(repr(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to the dry run: leave faulty rows out, skip or book the rows that look booked already (None:
    not answered), and go on in spite of the doubts."""

    leave_out: bool = False
    book_alike: bool | None = None
    sure: bool = False


def refuse_unbookable(year: BudgetYear, on: datetime.date) -> None:
    """Errors: ``Refused`` when nothing can be booked in the year on the day ``on``."""
    if year.state == YearState.CLOSED:
        raise Refused(
            f"{year.year} er lukket, så der kan ikke bogføres mere. Kun kontorchefen kan genåbne året."
        )
    if year.year > on.year:
        raise Refused(f"{year.year} er ikke begyndt, så der kan ikke være forbrug endnu.")


def lock(year: BudgetYear, on: datetime.date) -> BudgetYear:
    """The year, locked for the transaction. Errors: ``Refused`` when nothing can be booked in it."""
    locked = BudgetYear.objects.select_for_update(no_key=True).get(pk=year.pk)
    refuse_unbookable(locked, on)
    return locked


def plan(sheet: Sheet, columns: Mapping[str, str], year: BudgetYear, on: datetime.date) -> Booking:
    """What the sheet's rows would become in the year, as it is now."""
    found: Postings = read_postings(sheet, columns, year.year)
    known = _known([posting.key for posting in found.good])
    place = _Places(year)
    booking = Booking(faults=found.faults, known=len(known))
    fresh = [posting for posting in found.good if posting.key not in known]
    alike = doubts.alike(year, fresh, [posting for posting in found.good if posting.key in known])
    for posting in fresh:
        line, why = place.of(posting)
        booking.new.append(Planned(posting, line, why, posting.key in alike))
    booking.doubts = doubts.doubts(year, sheet, [(it.posting, it.line) for it in booking.new], on)
    return booking


def book(
    *,
    sheet: Sheet,
    columns: Mapping[str, str],
    year: BudgetYear,
    actor: User,
    on: datetime.date,
    expected: str,
    answers: Answers,
) -> ActualImport | None:
    """Write what was shown (``expected`` is its digest). Out: the import, or ``None`` when there was nothing new.

    Errors: ``Refused``: the year is closed, things have changed, or the dry run's questions are not answered.
    """
    with history.recording(actor=actor, kind=Change.Kind.IMPORT, reason=f"Forbrug fra {sheet.file}"[:400]):
        year = lock(year, on)
        booking = plan(sheet, columns, year, on)
        if booking.digest() != expected:
            raise Refused(
                "Budgettet er ændret siden prøvekørslen, og intet er indlæst. Se den nye prøvekørsel."
            )
        _refuse_unanswered(booking, answers)
        if not answers.book_alike:
            booking.new = [it for it in booking.new if not it.alike]
        if not booking.new:
            return None
        batch = ActualImport.objects.create(
            year=year,
            file_name=sheet.file[:200],
            digest=sheet.digest,
            by=actor,
            at=timezone.now(),
            added=len(booking.new),
            known=booking.known,
            unplaced=len(booking.unplaced),
        )
        Actual.objects.bulk_create(
            (
                Actual(
                    year=year,
                    line_id=it.line,
                    month=it.posting.month,
                    amount=it.posting.amount,
                    account=it.posting.account,
                    text=it.posting.text,
                    source=ActualSource.FINANCE,
                    batch=batch,
                    key=it.posting.key,
                    row=it.posting.said,
                )
                for it in booking.new
            ),
            batch_size=BATCH,
        )
        return batch


def _refuse_unanswered(booking: Booking, answers: Answers) -> None:
    if booking.faults and not answers.leave_out:
        raise Refused("Der er rækker med fejl, og intet er indlæst. Ret filen, eller vælg at udelade dem.")
    if booking.alike and answers.book_alike is None:
        raise Refused(
            "Nogle rækker ligner posteringer, der er bogført. Vælg, om de skal springes over eller indlæses."
        )
    if booking.doubts and not answers.sure:
        raise Refused("Læs det, der er i tvivl, og sæt flueben, hvis filen skal indlæses alligevel.")


def book_typed(
    *, line: BudgetLine, month: int, amount: Decimal, account: str, text: str, on: datetime.date
) -> Actual:
    """One posting as typed in. Errors: ``Refused``."""
    with transaction.atomic():
        year = lock(line.year, on)
        return Actual.objects.create(
            year=year,
            line=line,
            month=month,
            amount=amount,
            account=account,
            text=text,
            source=ActualSource.TYPED,
        )


def unplaced(year: BudgetYear) -> QuerySet[Actual]:
    """The year's postings that fit no line yet."""
    return Actual.objects.filter(year=year).unplaced()


def place(
    *,
    year: BudgetYear,
    keys: Collection[int],
    line: BudgetLine,
    alike: bool,
    remember: bool,
    on: datetime.date,
) -> tuple[int, str]:
    """Put the postings on the line. ``alike`` takes all of the year's with the same account strings too.

    ``remember`` writes the account string on the line, so that the next file's rows find it.
    Out: how many were placed, and the account that was remembered. Errors: ``Refused``.
    """
    with transaction.atomic():
        year = lock(year, on)
        line = BudgetLine.objects.select_for_update().get(pk=line.pk)
        if line.year_id != year.pk or line.archived_at is not None:
            raise Refused("Linjen hører ikke til året eller er arkiveret. Vælg en anden.")
        chosen = unplaced(year).filter(pk__in=keys)
        found = set(chosen.values_list("pk", flat=True))
        if found != set(keys):
            raise Refused("Nogle af rækkerne er placeret af en anden imens. Se listen igen.")
        accounts = set(chosen.values_list("account", flat=True))
        if alike:
            more = unplaced(year).filter(account__in=accounts - {""})
            found |= set(more.values_list("pk", flat=True))
        remembered = _remember(line, accounts) if remember else ""
        ordered = sorted(found)
        for start in range(0, len(ordered), BATCH):
            Actual.objects.filter(pk__in=ordered[start : start + BATCH]).update(line=line)
        return len(found), remembered


def _remember(line: BudgetLine, accounts: set[str]) -> str:
    if len(accounts) != 1 or "" in accounts:
        raise Refused(
            "Rækkerne skal have én og samme kontostreng, når den skal huskes på linjen. Intet er placeret."
        )
    (account,) = accounts
    if line.account and line.account != account:
        raise Refused(
            f"Linjen har allerede kontostrengen {line.account}. Ret den på linjen. Intet er placeret."
        )
    taken = BudgetLine.objects.current().filter(year=line.year_id, account=account).exclude(pk=line.pk)
    if taken.exists():
        raise Refused(f"En anden linje har allerede kontostrengen {account}. Intet er placeret.")
    line.account = account
    try:
        line.clean_fields(exclude=[it.name for it in line._meta.fields if it.name != "account"])
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    line.save(update_fields=["account"])
    return account


def _known(keys: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), BATCH):
        rows = Actual.objects.filter(key__in=keys[start : start + BATCH])
        known |= {key for key in rows.values_list("key", flat=True) if key}
    return known


class _Places:
    """Finds a posting's line: the only one with its account string, or else its component's only one."""

    def __init__(self, year: BudgetYear) -> None:
        by_account, by_component = defaultdict(list), defaultdict(list)
        lines = BudgetLine.objects.current().filter(year=year).order_by("pk")
        for pk, account, code in lines.values_list("pk", "account", "component__code"):
            by_account[" ".join(account.split())].append(pk)
            by_component[code].append(pk)
        self.by_account, self.by_component = dict(by_account), dict(by_component)

    def of(self, posting: Posting) -> tuple[int | None, str]:
        """The line's key, or None and why there is none, in Danish."""
        found = self.by_account.get(posting.account, []) if posting.account else []
        where = "kontostrengen"
        if not found and posting.component:
            found, where = self.by_component.get(posting.component, []), "komponenten"
        if len(found) == 1:
            return found[0], ""
        if found:
            return None, f"Flere linjer har {where}."
        if posting.component:
            return None, f"«{posting.component}» har ingen budgetlinje i året."
        return None, "Ingen linje har kontostrengen." if posting.account else "Der står ingen kontostreng."


__all__ = [
    "Answers",
    "Booking",
    "Planned",
    "Refused",
    "book",
    "book_typed",
    "lock",
    "place",
    "plan",
    "refuse_unbookable",
    "unplaced",
]
