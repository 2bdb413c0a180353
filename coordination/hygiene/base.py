"""What a kind of hygiene finding is: one small class that says what is broken, why it matters and what to do."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.db.models import Q
from django.urls import reverse

from foi_portal.ui.tables import listing
from registry.deadlines import Act
from registry.models import Lifecycle

if TYPE_CHECKING:
    from coordination.models import Finding

NAMED = 5  # names in a sentence before «og 3 andre»


@dataclass(frozen=True, slots=True)
class Found:
    """One row that breaks a rule. ``key`` names it within its kind for as long as it is the same matter.

    ``concerns``: keys of the assets whose people answer for it. It need not be put right before ``not_before``, and
    ``last_day`` is too late.
    """

    key: str
    text: str
    asset: int | None = None
    dependency: int | None = None
    agreement: int | None = None
    certificate: int | None = None
    concerns: tuple[int, ...] = ()
    not_before: datetime.date | None = None
    last_day: datetime.date | None = None

    def due(self, found_on: datetime.date, days: int) -> datetime.date:
        """By when it is put right, when it was found on the day ``found_on``: ``days`` later, within its own dates."""
        due = max(found_on + datetime.timedelta(days=days), self.not_before or datetime.date.min)
        return min(due, max(self.last_day or datetime.date.max, found_on))


class Kind(ABC):
    """A rule. ``kind`` is its key in the database and in addresses: keep it. ``due_days``: to put it right in.

    ``why`` and ``advice`` are shown to who has to do something.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    why: ClassVar[str]
    advice: ClassVar[str]
    due_days: ClassVar[int] = 30

    @abstractmethod
    def broken(self, on: datetime.date) -> Iterator[Found]:
        """All that breaks the rule on the day ``on``, in a constant number of queries."""

    @abstractmethod
    def acts(self, finding: Finding) -> Sequence[Act]:
        """Where it is put right, the best way first."""


def gone(on: datetime.date, path: str = "") -> Q:
    """Assets (at ``path``, ending in __) that are retired or archived on the day ``on``."""
    return (
        Q(**{f"{path}lifecycle": Lifecycle.RETIRED})
        | Q(**{f"{path}retired_from__lte": on})
        | Q(**{f"{path}archived_at__isnull": False})
    )


def together(names: Sequence[str]) -> str:
    """«A, B og C»; of many the first few and how many more."""
    shown = list(names)
    if len(shown) > NAMED:
        rest = len(shown) - NAMED + 1
        shown = [*shown[: NAMED - 1], f"{rest} andre"]
    return " og ".join([part for part in (", ".join(shown[:-1]), *shown[-1:]) if part])


def page(label: str, name: str, *args: object, permission: str = "", **query: str) -> Act:
    """An act that is a page of the portal, with what is to be filled in there."""
    url = reverse(name, args=args)
    return Act(label, listing(url, **query) if query else url, permission)


__all__ = ["Found", "Kind", "gone", "page", "together"]
