"""What an edition of the role catalogue would change. Pure: the two catalogues in, the changes out.

What came from the catalogue follows it; what FOI has made or edited is FOI's own and is kept: roles that the edition
in use does not have, and requirements whose origin is their own, archived ones too (they say «not here»).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from roles.models import ScopeKind

FIELDS = ("name", "level", "phase", "description", "source", "source_version", "verified")


class Scope(NamedTuple):
    """Where a requirement holds; ``asset`` is a key when ``kind`` is ``ScopeKind.ASSET``."""

    kind: str
    asset: int | None = None


class Need(NamedTuple):
    holders: int
    deputy: bool


class Required(NamedTuple):
    """A requirement as it stands. ``own``: FOI made or edited it. ``key`` and ``version`` are its row's."""

    key: int
    version: int
    scope: Scope
    need: Need
    own: bool
    archived: bool


class Held(NamedTuple):
    """An assignment that is not over; ``loses``: its seat is no longer required."""

    key: int
    version: int
    person: str
    part: str
    asset: int | None
    is_system: bool
    scope: str  # in words
    since: datetime.date
    until: datetime.date | None
    loses: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """A role as it stands, archived or not. ``facts`` by field; ``published``: the edition in use has it."""

    key: int
    version: int
    code: str
    facts: Mapping[str, str]
    archived: bool
    published: bool
    required: tuple[Required, ...] = ()
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Coming:
    """A role as the edition has it. ``lost``: codes of its scope that name nothing any more.

    ``archived`` are the archived assets it is for, key → code: they get no new requirement, but keep one they have.
    """

    code: str
    facts: Mapping[str, str]
    needs: Mapping[Scope, Need]
    lost: tuple[str, ...] = ()
    archived: Mapping[int, str] = field(default_factory=dict)


class How(StrEnum):
    NEW = "new"
    RETURNED = "returned"
    CHANGED = "changed"
    GONE = "gone"
    OWN = "own"
    UNCHANGED = "unchanged"


class FieldChange(NamedTuple):
    field: str
    before: str
    after: str


class NeedChange(NamedTuple):
    """A requirement from the catalogue that comes, changes or goes. ``row`` is what is written on; None: a new one."""

    scope: Scope
    before: Need | None
    after: Need | None
    row: int | None
    version: int = 0


class Kept(NamedTuple):
    """A requirement of FOI's own that stays. ``need`` None: they archived it; ``wanted`` None: the edition has none."""

    row: int
    scope: Scope
    need: Need | None
    wanted: Need | None


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What happens to one role. ``held`` are the assignments it touches: all of them unless nothing is changed."""

    how: How
    code: str
    name: str
    key: int | None = None
    version: int = 0
    fields: tuple[FieldChange, ...] = ()
    needs: tuple[NeedChange, ...] = ()
    kept: tuple[Kept, ...] = ()
    lost: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()


def changes(present: Iterable[Present], coming: Iterable[Coming]) -> list[RoleChange]:
    """What becomes of every role that stands or comes, by name; not of those archived already that do not come."""
    standing = {role.code: role for role in present}
    found = [_coming(standing.pop(entry.code, None), entry) for entry in coming]
    found += [_not_coming(role) for role in standing.values() if not role.archived]
    return sorted(found, key=lambda change: (change.name.casefold(), change.code))


def _coming(role: Present | None, entry: Coming) -> RoleChange:
    name = entry.facts["name"]
    required = role.required if role else ()
    needs, kept, archived = _needs(required, entry)
    lost = (*entry.lost, *archived)
    if role is None:
        return RoleChange(How.NEW, entry.code, name, needs=needs, lost=lost)
    fields = tuple(
        FieldChange(name, role.facts[name], entry.facts[name])
        for name in FIELDS
        if role.facts[name] != entry.facts[name]
    )
    how = How.RETURNED if role.archived else How.CHANGED if fields or needs else How.UNCHANGED
    held: tuple[Held, ...] = ()
    if how is not How.UNCHANGED:
        after = {*entry.needs, *(kept_.scope for kept_ in kept if kept_.need)}
        gone = {change.scope for change in needs if change.after is None}
        held = tuple(
            one._replace(loses=_covered(one, gone) and not _covered(one, after)) for one in role.held
        )
    return RoleChange(how, entry.code, name, role.key, role.version, fields, needs, kept, lost, held)


def _not_coming(role: Present) -> RoleChange:
    name = role.facts["name"]
    if not role.published:
        return RoleChange(How.OWN, role.code, name, role.key, role.version)
    needs = tuple(
        NeedChange(one.scope, one.need, None, one.key, one.version)
        for one in role.required
        if not one.own and not one.archived
    )
    kept = tuple(
        Kept(one.key, one.scope, one.need, None) for one in role.required if one.own and not one.archived
    )
    held = tuple(one._replace(loses=True) for one in role.held)
    return RoleChange(How.GONE, role.code, name, role.key, role.version, needs=needs, kept=kept, held=held)


def _needs(
    required: Iterable[Required], entry: Coming
) -> tuple[tuple[NeedChange, ...], tuple[Kept, ...], list[str]]:
    """The requirements that change, FOI's own that stay, and the codes of archived assets, which got none."""
    rows = _Rows.of(required)
    found, kept, lost = [], [], []
    for scope, need in entry.needs.items():
        was = rows.standing.get(scope)
        if was is not None:
            if was.need != need:
                found.append(NeedChange(scope, was.need, need, was.key, was.version))
        elif scope in rows.own:
            kept.append(Kept(rows.own[scope].key, scope, rows.own_need(scope), need))
        elif scope.asset is not None and scope.asset in entry.archived:
            lost.append(entry.archived[scope.asset])
        elif scope in rows.before:
            again = rows.before[scope]
            found.append(NeedChange(scope, None, need, again.key, again.version))
        else:
            found.append(NeedChange(scope, None, need, None))
    gone = [one for scope, one in rows.standing.items() if scope not in entry.needs]
    found += [NeedChange(one.scope, one.need, None, one.key, one.version) for one in gone]
    alone = [one for scope, one in rows.own.items() if scope not in entry.needs and not one.archived]
    kept += [Kept(one.key, one.scope, one.need, None) for one in alone]
    return tuple(found), tuple(kept), lost


@dataclass
class _Rows:
    """A role's requirements by scope: the catalogue's, FOI's own, and the catalogue's that are archived."""

    standing: dict[Scope, Required] = field(default_factory=dict)
    own: dict[Scope, Required] = field(default_factory=dict)
    before: dict[Scope, Required] = field(default_factory=dict)  # used again when the scope is back

    @classmethod
    def of(cls, required: Iterable[Required]) -> _Rows:
        rows = cls()
        for one in sorted(required, key=lambda one: (not one.archived, one.key)):  # what stands goes before
            kind = rows.own if one.own else rows.before if one.archived else rows.standing
            kind[one.scope] = one
        return rows

    def own_need(self, scope: Scope) -> Need | None:
        return None if self.own[scope].archived else self.own[scope].need


def _covered(held: Held, scopes: Iterable[Scope]) -> bool:
    """Whether one of ``scopes`` is what the assignment is for."""
    return any(
        scope.asset == held.asset if scope.kind == ScopeKind.ASSET else held.is_system
        for scope in scopes
        if scope.kind in (ScopeKind.ASSET, ScopeKind.EVERY_SYSTEM)
    )


__all__ = [
    "FIELDS",
    "Coming",
    "FieldChange",
    "Held",
    "How",
    "Kept",
    "Need",
    "NeedChange",
    "Present",
    "Required",
    "RoleChange",
    "Scope",
    "changes",
]
