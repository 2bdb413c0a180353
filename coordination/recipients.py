"""Who is told about a deadline and who owns a finding: read once for a day, chosen by plain functions.

The first of these that gives somebody who is here:

1. the caretaker named on the agreement or certificate; while away, whom the absence refers to;
2. the people the deadline is about themselves;
3. for each asset concerned whoever answers for it, in the asset's own seats, then in those of the module and
   platform it is part of, of its department, and of the whole municipality;
4. with no asset at all, who answers for the kind in the organisations concerned, or in the municipality.

An absent holder's deputy is asked instead, else whom the absence refers to (``Roster.standing_in``). Nobody: the
list is empty, and FOI's mailbox is told.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from coordination.models import Caretaker
from registry.deadlines import Deadline
from registry.models import Kind
from roles import occupancy
from roles.coverage import Roster, Seat
from roles.occupancy import AssetFacts, PersonFacts
from roles.responsible import OWN_ROLES

# Who knows of a kind of matter beside those who answer for the asset.
SPECIALIST = {"agreement": "AFTALEADM", "certificate": "CERTANSV"}
# Systems: the system's own people first. Components: first who keeps such matters, then who answers for it.
OF_COMPONENTS = ("INFRAANSV", *OWN_ROLES)
CARETAKER, CONCERNED = "ansvarlig for fornyelse", "den, det handler om"


@dataclass(frozen=True, slots=True)
class Responsible:
    """A person who is told. ``instead_of``: the names of those who are away and whose place it is.

    ``as_deputy``: nobody holds the seat, and this is its deputy. ``because``: as what they are told, in Danish.
    """

    key: int
    name: str
    email: str
    instead_of: tuple[str, ...] = ()
    as_deputy: bool = False
    because: str = ""


@dataclass(frozen=True)
class Recipients:
    """The day's people, seats and caretakers, as plain data. ``roles`` are keys by code."""

    on: datetime.date
    roster: Roster = field(default_factory=lambda: Roster({}))
    people: Mapping[int, PersonFacts] = field(default_factory=dict)
    assets: Mapping[int, AssetFacts] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)
    caretakers: Mapping[str, int] = field(default_factory=dict)  # "agreement/7" → person
    names: Mapping[tuple[str, int], str] = field(default_factory=dict)  # of roles and organisations
    _known: dict[tuple[int, str], tuple[Responsible, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, on: datetime.date) -> Recipients:
        """Two queries while the day's picture of the roles is known, else nine."""
        picture = occupancy.at(on)
        caretakers = {
            f"agreement/{agreement}" if agreement is not None else f"certificate/{certificate}": person
            for agreement, certificate, person in Caretaker.objects.current()
            .order_by()
            .values_list("agreement_id", "certificate_id", "person_id")
        }
        return cls(
            on,
            picture.roster,
            picture.people,
            picture.assets,
            {role.code: role.key for role in picture.roles.values()},
            caretakers,
            {("role", role.key): role.name for role in picture.roles.values()}
            | {("organisation", unit.key): unit.name for unit in picture.owners.values()},
        )

    def on_day(self, on: datetime.date) -> Recipients:
        """The same people and seats, asked about another day: absences and periods are known ahead."""
        return replace(self, on=on, _known={})

    def people_for(self, deadline: Deadline) -> list[Responsible]:
        """Who is told about the deadline, each once; empty when that is FOI's mailbox."""
        return list(
            self._caretaker(deadline.cared_for_as)
            or _each_once(one for key in deadline.people for one in self._person(key, CONCERNED))
            or _each_once(one for key in deadline.assets for one in self._of_asset(key, _matter(deadline)))
            or self._of_organisations(deadline.organisations, _matter(deadline))
        )

    def owner_of_asset(self, asset: int) -> Responsible | None:
        """The first who answers for an asset, or None."""
        return next(iter(self._of_asset(asset, "")), None)

    # --- How they are chosen ------------------------------------------------------------------------------------

    def _caretaker(self, cared_for_as: str) -> tuple[Responsible, ...]:
        key = self.caretakers.get(cared_for_as)
        return tuple(self._person(key, CARETAKER)) if key is not None else ()

    def _person(self, key: int, because: str) -> Iterator[Responsible]:
        """The person, or whom their absence refers to; nothing when they have left."""
        key = self._real(key)
        if key not in self.people or not self.roster.works(key, self.on):
            return
        absence = self.roster.absence(key, self.on)
        if absence is None:
            yield self._told(key, because)
        elif absence.stand_in is not None:
            other = self._real(absence.stand_in)
            if self._is_here(other):
                yield self._told(other, because, instead_of=key)

    def _of_asset(self, asset: int, matter: str) -> tuple[Responsible, ...]:
        """Who answers for an asset in this kind of matter; kept, for many deadlines are about the same assets."""
        if (asset, matter) not in self._known:
            self._known[asset, matter] = self._find(asset, matter)
        return self._known[asset, matter]

    def _find(self, asset: int, matter: str) -> tuple[Responsible, ...]:
        for code in self._codes(asset, matter):
            for scope in self._scopes(asset):
                if found := self._in_seat(code, *scope):
                    return found
        return ()

    def _codes(self, asset: int, matter: str) -> tuple[str, ...]:
        """The roles that are asked, in order."""
        specialist = (SPECIALIST[matter],) if matter in SPECIALIST else ()
        facts = self.assets.get(asset)
        if facts is not None and facts.kind == Kind.COMPONENT:
            return (*specialist, *OF_COMPONENTS)
        return (*OWN_ROLES, *specialist, *OF_COMPONENTS[:1])

    def _scopes(self, asset: int) -> Iterator[tuple[int | None, int | None]]:
        """What a seat that covers the asset may be for, the nearest first. An asset that is over has only itself."""
        seen: set[int] = set()
        department = None
        above: int | None = asset
        while above is not None and above not in seen:
            seen.add(above)
            yield above, None
            facts = self.assets.get(above)
            department = department or (facts.department if facts else None)
            above = facts.parent if facts else None
        if department is not None:
            yield None, department
        yield None, None

    def _of_organisations(self, organisations: tuple[int, ...], matter: str) -> tuple[Responsible, ...]:
        """Who keeps such matters, in the organisations or for the whole municipality."""
        if matter not in SPECIALIST:
            return ()
        code = SPECIALIST[matter]
        own = _each_once(one for key in organisations for one in self._in_seat(code, None, key))
        return own or self._in_seat(code, None, None)

    def _in_seat(self, code: str, asset: int | None, organisation: int | None) -> tuple[Responsible, ...]:
        """Who is asked in a seat today: its holders, who stands in for them, or its deputies alone."""
        role = self.roles.get(code)
        if role is None:
            return ()
        seat = Seat(role, asset, organisation)
        because = f"{self.names.get(('role', role), code)} for {self._scope_name(asset, organisation)}"
        found = []
        for post in self.roster.holders(seat, self.on):
            if self.roster.absence(post.person, self.on) is None:
                found.append(self._told(post.person, because))
            elif (other := self.roster.standing_in(post, self.on)) is not None:
                found.append(self._told(other, because, instead_of=post.person))
        if not self.roster.holders(seat, self.on):
            for post in self.roster.deputies(seat, self.on):
                if self.roster.absence(post.person, self.on) is None:
                    found.append(self._told(post.person, because, as_deputy=True))
        return _each_once(found)

    def _scope_name(self, asset: int | None, organisation: int | None) -> str:
        if asset is not None:
            return self.assets[asset].name if asset in self.assets else "noget, der er taget ud af brug"
        if organisation is not None:
            return self.names.get(("organisation", organisation), "en organisation")
        return "hele kommunen"

    def _told(
        self, key: int, because: str, *, instead_of: int | None = None, as_deputy: bool = False
    ) -> Responsible:
        who = self.people[key]
        absent = (self.people[instead_of].name,) if instead_of is not None else ()
        return Responsible(key, who.name, who.email, absent, as_deputy, because)

    def _is_here(self, key: int) -> bool:
        return (
            key in self.people
            and self.roster.works(key, self.on)
            and self.roster.absence(key, self.on) is None
        )

    def _real(self, key: int) -> int:
        """Who a merged double is; the chain is as long as people made it."""
        seen: set[int] = set()
        while key not in seen and key in self.people:
            seen.add(key)
            key = self.people[key].merged_into or key
        return key


def _matter(deadline: Deadline) -> str:
    """What the deadline is about ("agreement" for each kind of agreement's deadlines), for ``SPECIALIST``."""
    return deadline.kind.partition("_")[0]


def _each_once(found: Iterable[Responsible]) -> tuple[Responsible, ...]:
    """Each person once, with all whose place they take; who is responsible themselves goes before it."""
    by_key: dict[int, Responsible] = {}
    for one in found:
        known = by_key.get(one.key)
        if known is None:
            by_key[one.key] = one
        elif known.instead_of and one.instead_of:
            names = tuple(dict.fromkeys([*known.instead_of, *one.instead_of]))
            by_key[one.key] = replace(known, instead_of=names)
        elif known.instead_of or known.as_deputy:
            by_key[one.key] = one
    return tuple(by_key.values())


__all__ = ["CARETAKER", "SPECIALIST", "Recipients", "Responsible"]
