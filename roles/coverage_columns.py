"""The columns of the coverage matrix: where roles are required, rolled up so that they fit on a screen. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from registry.models import Kind
from roles.models import ScopeKind
from roles.occupancy import Occupancy, Rule

MOST = 16
WHOLE, SYSTEMS, DEPARTMENTS = "kommunen", "alle-fagsystemer", "alle-forvaltninger"
OTHERS = {Kind.COMPONENT: "oevrige-komponenter", Kind.SYSTEM: "oevrige-fagsystemer"}
WIDE = {
    ScopeKind.MUNICIPALITY: WHOLE,
    ScopeKind.EVERY_SYSTEM: SYSTEMS,
    ScopeKind.EVERY_DEPARTMENT: DEPARTMENTS,
}
GROUPS = {Kind.COMPONENT: "Fælles infrastruktur", Kind.SYSTEM: "Fagsystemer"}


@dataclass(frozen=True)
class Column:
    """``key`` is what addresses say: a word, or the code of an asset. ``assets``: the named ones that are in it."""

    key: str
    group: str
    label: str  # short
    name: str
    kind: str = ScopeKind.ASSET
    assets: frozenset[int] = frozenset()
    asset: int | None = None  # the one that it is named after

    @property
    def pick(self) -> tuple[str, Collection[int]]:
        return self.kind, self.assets

    def holds(self, rule: Rule) -> bool:
        return rule.kind == self.kind and (self.kind != ScopeKind.ASSET or rule.scopes[0] in self.assets)


def below(found: Occupancy, key: int) -> frozenset[int]:
    """The asset and all modules under it, at any depth."""
    children: dict[int | None, list[int]] = {}
    for asset in found.assets.values():
        children.setdefault(asset.parent, []).append(asset.key)
    reached, todo = {key}, [key]
    while todo:
        new = [child for child in children.get(todo.pop(), ()) if child not in reached]
        reached.update(new)
        todo += new
    return frozenset(reached)


def platform(found: Occupancy, key: int) -> int:
    """The nearest platform that the asset is or is in; itself, when it is in none."""
    at: int | None = key
    seen: set[int] = set()
    while at is not None and at in found.assets and at not in seen:
        if found.assets[at].platform:
            return at
        seen.add(at)
        at = found.assets[at].parent
    return key


def root(found: Occupancy, key: int) -> int:
    """The topmost that the asset is in; itself, when it is in none."""
    seen: set[int] = set()
    while (parent := found.assets[key].parent) in found.assets and parent not in seen:
        assert parent is not None  # noqa: S101 - it is among the assets
        seen.add(key)
        key = parent
    return key


def columns(found: Occupancy, opened: Collection[int] | None = None, most: int = MOST) -> Sequence[Column]:
    """What the day's requirements are for: the municipality, components by platform, fagsystemer, all of a kind.

    Those of ``opened`` have a column each. The most required stand for themselves; the rest go together, by kind.
    """
    seats: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    for rule in found.rules:
        kinds[rule.kind] += 1
        asset = rule.scopes[0] if rule.kind == ScopeKind.ASSET else None
        if asset is not None and (opened is None or asset in opened):
            seats[asset] += 1
    platforms: dict[int, set[int]] = {}
    for key in seats:
        platforms.setdefault(key if opened is not None else platform(found, key), set()).add(key)
    # a module alone goes by its own name
    members = {next(iter(keys)) if len(keys) == 1 else at: keys for at, keys in platforms.items()}
    wide = [kind for kind in WIDE if kinds[kind]]
    if opened is not None:
        here = any(found.assets[key].everywhere for key in opened if key in found.assets)
        wide = [kind for kind in wide if kind == ScopeKind.EVERY_SYSTEM and here]
    return _arranged(found, members, seats, wide, most)


def _arranged(
    found: Occupancy, members: dict[int, set[int]], seats: Counter[int], wide: list[ScopeKind], most: int
) -> Sequence[Column]:
    ranked = sorted(members, key=lambda at: -sum(seats[key] for key in members[at]))
    room = most - len(wide)
    if len(ranked) > room:
        room -= len({found.assets[at].kind for at in ranked[room - 2 :]})
    shown, rest = ranked[:room], ranked[room:]
    made: list[Column] = []
    if ScopeKind.MUNICIPALITY in wide:
        made.append(Column(WHOLE, "", "Hele kommunen", "hele kommunen", ScopeKind.MUNICIPALITY))
    for kind in (Kind.COMPONENT, Kind.SYSTEM):
        for at in shown:
            asset = found.assets[at]
            if asset.kind == kind:
                made.append(
                    Column(asset.code, GROUPS[kind], asset.code, asset.name,
                           assets=frozenset(members[at]), asset=at)
                )  # fmt: skip
        others = frozenset(key for at in rest if found.assets[at].kind == kind for key in members[at])
        if others:
            word = "komponenter" if kind == Kind.COMPONENT else "fagsystemer"
            made.append(
                Column(OTHERS[kind], GROUPS[kind], f"Øvrige {len(others)}", f"øvrige {word}", assets=others)
            )
        if kind == Kind.SYSTEM and ScopeKind.EVERY_SYSTEM in wide:
            made.append(Column(SYSTEMS, GROUPS[kind], "Alle", "alle fagsystemer", ScopeKind.EVERY_SYSTEM))
    if ScopeKind.EVERY_DEPARTMENT in wide:
        made.append(
            Column(DEPARTMENTS, "", "Alle forvaltninger", "alle forvaltninger", ScopeKind.EVERY_DEPARTMENT)
        )
    return made


def alone(found: Occupancy) -> Sequence[Column]:
    """A column for each named asset, for addresses that name one which the matrix has rolled up."""
    keys = {rule.scopes[0] for rule in found.rules if rule.kind == ScopeKind.ASSET} - {None}
    return [
        Column(
            asset.code, GROUPS[Kind(asset.kind)], asset.code, asset.name, assets=frozenset({key}), asset=key
        )
        for key, asset in found.assets.items()
        if key in keys
    ]
