"""What a file of assignments leaves without a holder: told before it goes in."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from django.utils import timezone

from foi_portal.core.keys import among
from registry.importing import Judged, Look
from roles.gaps import between, in_seats
from roles.models import Assignment, Person
from roles.seat_rules import seat_of


def tell_emptied(look: Look, changing: Sequence[Judged]) -> None:
    """Note each required role whose last holder goes by the rows. Five queries at most, none for new rows alone."""
    before = _standing(changing)
    if not before:
        return
    by_key = {row.old.pk: row for row in changing if row.old is not None}
    after = [_become(there, by_key[there.pk]) if there.pk in by_key else there for there in before]
    after += _coming(before, changing)
    for gap in between(before, after, timezone.localdate()):
        if not gap.is_last:
            continue
        code = gap.asset_code or gap.organisation_code or None
        row = next(it for it in by_key.values() if _place(it) == (gap.role_code, code))
        message = f"{gap}. Er det ikke meningen, så skriv den næste i filen, eller ret datoen."
        look.note(row.row, "until", "", message)


def _place(row: Judged) -> tuple[str, str | None]:
    return row.values["role"], row.values.get("scope") or None


def _standing(changing: Sequence[Judged]) -> list[Assignment]:
    """Everybody in the seats of the rows that are there already and change."""
    keys = [row.old.pk for row in changing if row.old is not None]
    if not keys:
        return []
    rows = Assignment.objects.filter(pk__in=among(keys)).only("role", "asset", "organisation")
    return in_seats({seat_of(row) for row in rows})


def _become(there: Assignment, row: Judged) -> Assignment:
    changed = copy(there)
    for name in ("part", "until"):
        setattr(changed, name, row.values.get(name, getattr(there, name)))
    return changed


def _coming(before: Sequence[Assignment], changing: Sequence[Judged]) -> list[Assignment]:
    """The file's new rows in the same seats; who it is does not matter, only that it is somebody else."""
    seats = {(row.role.code, row.asset.code if row.asset else row.organisation.code if row.organisation else None): row
             for row in before}  # fmt: skip
    found = []
    for row in changing:
        there = seats.get(_place(row)) if row.old is None else None
        if there is not None:
            new = Assignment(
                person=Person(pk=-row.row),
                role=there.role,
                asset=there.asset,
                organisation=there.organisation,
                part=row.values["part"],
                since=row.values["since"],
                until=row.values.get("until"),
            )
            found.append(new)
    return found


__all__ = ["tell_emptied"]
