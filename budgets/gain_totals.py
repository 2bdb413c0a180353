"""How many gains there are, and what they are worth a year: by state and by kind. One query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from budgets.models import CONSEQUENCES, Gain, GainKind, GainState
from foi_portal.core.money import ZERO

LIVE_STATES = (GainState.POSSIBLE, GainState.PLANNED, GainState.REALISED)


@dataclass(frozen=True, slots=True)
class Tally:
    """Some gains: how many, and of those with kroner that have not ended how many, and their DKK a year.

    ``without`` counts those without kroner, ended or not.
    """

    count: int = 0
    amounts: int = 0
    yearly: Decimal = ZERO
    without: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.count + other.count,
            self.amounts + other.amounts,
            self.yearly + other.yearly,
            self.without + other.without,
        )


@dataclass(frozen=True)
class Totals:
    """All current gains by state and kind."""

    cells: dict[tuple[str, str], Tally]

    def of(
        self, *, states: Iterable[str] = GainState.values, kinds: Iterable[str] = GainKind.values
    ) -> Tally:
        """The gains of these states and kinds."""
        kinds = tuple(kinds)
        return sum(
            (self.cells.get((state, kind), Tally()) for state in states for kind in kinds), start=Tally()
        )

    @property
    def count(self) -> int:
        """How many gains there are: without those that turned out to be none."""
        return self.of(states=(*LIVE_STATES, GainState.GIVEN_UP)).count


def totals(year: int) -> Totals:
    """Of all gains that are not archived; what ended before ``year`` has no kroner any more."""
    not_over = Q(yearly__isnull=False) & (Q(to_year=None) | Q(to_year__gte=year))
    rows = (
        Gain.objects.current()
        .order_by()
        .values_list("state", "kind")
        .annotate(
            count=Count("pk"),
            amounts=Count("pk", filter=not_over),
            total=Sum("yearly", filter=not_over),
            without=Count("pk", filter=Q(yearly=None)),
        )
    )
    return Totals(
        {(state, kind): Tally(n, m, total or ZERO, less) for state, kind, n, m, total, less in rows}
    )


GAINS = tuple(kind for kind in GainKind if kind not in CONSEQUENCES)

__all__ = ["GAINS", "LIVE_STATES", "Tally", "Totals", "totals"]
