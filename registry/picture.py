"""What is in a picture of dependencies: which boxes and lines, what is put together, what is left out. No database.

A line goes always from who uses to what is used, from left to right as far as rings allow. Components belong to
platforms and systems to departments. These are open, shown as frames with what is in them, or closed, shown as one box
that counts it: ``opened`` (codes) tells which are open, and without it all or none are, by how many assets there are.
No more than MOST_DRAWN boxes are drawn: what there is no room for ends up in one box that counts it. No more than
MOST_EDGES lines are drawn either: the rest are counted in the note. Past MOST_ANSWERED assets nothing is drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.urls import reverse

from foi_portal.ui.formats import plain
from registry import impact
from registry.graph import Hit, Severity
from registry.landscape import Facts, Landscape
from registry.models import ComponentType

EACH_BY_ITSELF = 20  # up to so many assets every box is open until one says otherwise
MOST_DRAWN = 60
MOST_EDGES = 400
MOST_ANSWERED = 2000
REST = "rest"
ALL_CLOSED = "-"  # for ``opened``: no box is open. (No code is a hyphen.)
NO_DEPARTMENT = "UDEN-FORVALTNING"  # code of the box of systems without one

Role = Literal["", "failed", "down", "focus", "asked"]
Kind = Literal["system", "component", "platform", "department", "rest"]
View = Literal["down", "up", "near"]
OTHERS: tuple[str, Kind, str] = ("Andre", "rest", "")

ROLE_TEXT = {"failed": "svigter", "down": "er nede i forvejen", "focus": "her er du", "asked": "spurgt om"}


@dataclass(frozen=True, slots=True)
class Node:
    """An asset, or several put together (``count`` > 1, or a kind that says so).

    ``order`` is how far to the right it belongs: steps from the middle, negative to the left. ``toggled`` is what
    ``opened`` becomes when the box is opened, None when there is nothing to open.
    """

    id: str
    label: str
    code: str
    kind: Kind
    role: Role = ""
    severity: Severity | None = None
    distance: int | None = None
    order: int = 0
    count: int = 1
    by_severity: tuple[tuple[Severity, int], ...] = ()
    box: str = ""
    href: str = ""
    toggled: tuple[str, ...] | None = None

    @property
    def is_box(self) -> bool:
        return self.kind in ("platform", "department", "rest")

    @property
    def caption(self) -> tuple[str, ...]:
        """The lines under the name: what happens to it, or what is in it."""
        if self.is_box:
            severities = ", ".join(self._severities())
            return (_counted(self.count, self.kind), *([severities] if severities else []))
        if self.role:
            return (ROLE_TEXT[self.role].capitalize(),)
        return (impact.WORDS[self.severity],) if self.severity is not None else ()

    def _severities(self) -> list[str]:
        return [f"{count} {impact.WORDS[severity].lower()}" for severity, count in self.by_severity]

    @property
    def text(self) -> str:
        """The whole of it in words, what is seen first: «KY, stopper, fagsystem, 2 skridt»."""
        parts = [self.label, *(line.lower() for line in self.caption)]
        if not self.is_box:
            parts.append("fagsystem" if self.kind == "system" else "komponent")
        if self.distance:
            parts.append(f"{self.distance} skridt")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` uses ``target`` (``count`` dependencies, ``importance`` the hardest), or is a ``part`` of it."""

    source: str
    target: str
    importance: Severity
    count: int = 1
    part: bool = False

    @property
    def word(self) -> str:
        return impact.WORDS[self.importance]


@dataclass(frozen=True, slots=True)
class Box:
    """An open platform or department: a frame round its nodes. ``toggled`` is ``opened`` with it closed."""

    id: str
    label: str
    code: str
    kind: Kind
    href: str
    toggled: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Nothing is drawn when ``nodes`` is empty; ``note`` says why then, else what there was no room for.

    ``hidden`` counts the assets that are in the answer but in no box or frame that says where they belong, and
    ``undrawn`` the lines there was no room for.
    """

    title: str = ""
    view: View = "near"
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    boxes: tuple[Box, ...] = ()
    hidden: int = 0
    undrawn: int = 0
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing to see: no line, or nothing drawn at all."""
        return not self.edges


@dataclass(frozen=True, slots=True)
class Member:
    """An asset that belongs in the picture; ``side`` -1: left of the middle, 1: right of it, 0: in the middle."""

    key: int
    side: int
    distance: int = 0
    role: Role = ""
    severity: Severity | None = None


def of_reply(reply: impact.Reply) -> Picture:
    """The picture of what an answer shows: who is hit, to the left, or what is leaned on, to the right."""
    found = of_answer(
        reply.landscape,
        [facts.key for facts in reply.failed],
        reply.hits,
        down=[facts.key for facts in reply.down],
        upstream=reply.is_upstream,
        opened=reply.question.opened,
    )
    cut = f"{plain(reply.hidden)} er skåret fra af dybde eller betydning." if reply.hidden else ""
    return replace(found, title=impact.title(reply), note=" ".join(filter(None, [found.note, cut])))


def of_answer(
    landscape: Landscape,
    asked: Sequence[int],
    hits: Iterable[Hit],
    down: Sequence[int] = (),
    upstream: bool = False,
    opened: Collection[str] = (),
) -> Picture:
    """The picture of ``hits``, with what was ``asked`` about in the middle. Keys in, all of them in the landscape."""
    members = {key: Member(key, 0, role="asked" if upstream else "failed") for key in asked}
    for key in down:
        members.setdefault(key, Member(key, 0, role="down"))
    side = 1 if upstream else -1
    for hit in hits:
        members.setdefault(hit.key, Member(hit.key, side, hit.distance, "", hit.severity))
    title = "Hvad der lænes på" if upstream else "Hvem der rammes"
    return _composed(landscape, members, title, "up" if upstream else "down", opened)


def neighbourhood(landscape: Landscape, key: int, depth: int = 1, opened: Collection[str] = ()) -> Picture:
    """What uses the asset (to the left) and what it uses (to the right), up to ``depth`` steps away.

    Being part of something counts as a step like using it; what the asset's own parts use is there too.
    """
    facts = landscape.assets[key]
    title = f"Forbindelser om {facts.name}"
    if key not in landscape.graph:
        return Picture(
            title, note=f"{facts.name} er ikke i drift. Derfor er der ingen levende forbindelser at tegne."
        )
    right: dict[int, list[int]] = defaultdict(list)
    left: dict[int, list[int]] = defaultdict(list)
    modules: dict[int, list[int]] = defaultdict(list)
    for edge in landscape.graph.edges():
        right[edge.source].append(edge.target)
        left[edge.target].append(edge.source)
    for node in landscape.graph.nodes:
        if node.parent is not None and node.parent in landscape.graph:
            right[node.key].append(node.parent)
            left[node.parent].append(node.key)
            modules[node.parent].append(node.key)
    members = {key: Member(key, 0, role="focus")}
    users = _within({key: 0}, left, depth)
    used = _within(_within({key: 0}, modules, depth), right, depth)
    for other, distance in users.items():
        if other != key and distance <= used.get(other, depth + 1):
            members[other] = Member(other, -1, distance)
    for other, distance in used.items():
        members.setdefault(other, Member(other, 1, distance))
    return _composed(landscape, members, title, "near", opened)


def _within(start: Mapping[int, int], leads: Mapping[int, Sequence[int]], depth: int) -> dict[int, int]:
    """What can be reached from ``start`` (keys with their distance) in at most ``depth`` steps, with the distance."""
    found = dict(start)
    for step in range(1, depth + 1):
        for key in [key for key, distance in found.items() if distance == step - 1]:
            for other in leads.get(key, ()):
                found.setdefault(other, step)
    return found


def _composed(
    landscape: Landscape, members: Mapping[int, Member], title: str, view: View, opened: Collection[str]
) -> Picture:
    if len(members) > MOST_ANSWERED:
        note = (
            f"Svaret har {plain(len(members))} komponenter og fagsystemer. Det er for mange til et billede: der tegnes"
            f" højst {plain(MOST_ANSWERED)}. Vælg færre skridt eller kun det alvorligste for at få et billede."
        )
        return Picture(title, view, hidden=len(members), note=note)
    homes = _homes(landscape, members)
    codes = {home: _home_code(landscape, home) for home in homes}
    rolled = len(members) > EACH_BY_ITSELF
    open_homes = {home for home in homes if (codes[home] in opened if opened else not rolled)}
    units = _units(landscape, members, homes, open_homes)
    hidden = len(units[REST]) if REST in units else 0
    unit_of = {key: unit for unit, keys in units.items() for key in keys}
    home_of = {key: home for home in open_homes for key in homes[home]}
    open_codes = {codes[home] for home in open_homes}
    nodes = []
    for unit, keys in units.items():
        if unit[0] == "a":
            nodes.append(_asset(landscape, members[keys[0]], unit, home_of.get(keys[0], "")))
        else:
            toggled = None if unit == REST else tuple(sorted({*open_codes, codes[unit]}))
            nodes.append(_together(landscape, [members[key] for key in keys], unit, toggled))
    frames = []
    for home in sorted({node.box for node in nodes if node.box}):
        toggled = tuple(sorted(open_codes - {codes[home]})) or (ALL_CLOSED,)
        label, kind, href = _home(landscape, home)
        frames.append(Box(home, label, codes[home], kind, href, toggled, len(homes[home])))
    found = list(_edges(landscape, members, unit_of, view))
    edges = _with_room(nodes, found)
    undrawn = len(found) - len(edges)
    notes = []
    if hidden:
        notes.append(f"{plain(hidden)} er der ikke plads til hver for sig. De er samlet i boksen »Andre«.")
    if undrawn:
        notes.append(
            f"{plain(undrawn)} af {plain(len(found))} streger er der ikke plads til. De nærmeste og alvorligste er"
            " tegnet. Vælg færre skridt, eller luk nogle af rammerne, for at se de andre."
        )
    return Picture(title, view, tuple(nodes), tuple(edges), tuple(frames), hidden, undrawn, " ".join(notes))


def _units(
    landscape: Landscape,
    members: Mapping[int, Member],
    homes: Mapping[str, Sequence[int]],
    open_homes: Collection[str],
) -> dict[str, list[int]]:
    """By node: the members in it. Assets by themselves are ``a`` and their key, closed homes have the home's name."""
    many_asked = sum(1 for member in members.values() if member.role) > MOST_DRAWN // 2
    together: dict[str, list[int]] = {}
    alone = dict.fromkeys(members)
    for home, keys in homes.items():
        if home in open_homes:
            continue
        inside = [key for key in keys if many_asked or not members[key].role]
        if len(inside) > 1:
            together[home] = inside
            for key in inside:
                del alone[key]
    single = sorted(
        alone,
        key=lambda key: (
            not members[key].role,
            -(members[key].severity or 0),
            members[key].distance,
            landscape.code(key),
        ),
    )
    boxes = sorted(together, key=lambda home: (-len(together[home]), home))
    room = max(0, MOST_DRAWN - min(len(boxes), MOST_DRAWN // 2))
    if len(single) + len(boxes) <= MOST_DRAWN:
        kept, kept_boxes = single, boxes
    else:
        kept = single[: room - 1]
        kept_boxes = boxes[: MOST_DRAWN - 1 - len(kept)]
    units = {f"a{key}": [key] for key in kept}
    units |= {home: together[home] for home in kept_boxes}
    rest = single[len(kept) :] + [key for home in boxes[len(kept_boxes) :] for key in together[home]]
    if rest:
        units[REST] = rest
    return units


def _asset(landscape: Landscape, member: Member, unit: str, home: str) -> Node:
    facts = landscape.assets[member.key]
    return Node(
        unit,
        facts.name,
        facts.code,
        "system" if facts.is_system else "component",
        member.role,
        member.severity,
        member.distance,
        member.side * member.distance,
        box=home,
        href=_href(facts),
    )


def _together(
    landscape: Landscape, inside: Sequence[Member], unit: str, toggled: tuple[str, ...] | None
) -> Node:
    label, kind, href = OTHERS if unit == REST else _home(landscape, unit)
    counts = Counter(member.severity for member in inside if member.severity is not None)
    nearest = min(inside, key=lambda member: member.distance)
    return Node(
        unit,
        label,
        "" if unit == REST else _home_code(landscape, unit),
        kind,
        severity=max(counts, default=None),
        distance=nearest.distance,
        order=nearest.side * nearest.distance,
        count=len(inside),
        by_severity=tuple(sorted(counts.items(), reverse=True)),
        href=href,
        toggled=toggled,
    )


def _edges(
    landscape: Landscape, members: Mapping[int, Member], unit_of: Mapping[int, str], view: View
) -> Iterator[Edge]:
    """Lines between different nodes, put together. What fails does so by itself: what it leans on is not drawn."""
    found: dict[tuple[str, str], list[int]] = {}
    for edge in landscape.graph.edges():
        source, target = unit_of.get(edge.source), unit_of.get(edge.target)
        if source is None or target is None or source == target:
            continue
        if (view == "down" and members[edge.source].role) or (view == "up" and members[edge.target].role):
            continue
        kept = found.setdefault((source, target), [0, 0])
        kept[0] += 1
        kept[1] = max(kept[1], edge.importance)
    parts: Counter[tuple[str, str]] = Counter()
    for key, unit in unit_of.items():
        parent = landscape.assets[key].parent
        whole = unit_of.get(parent) if parent is not None else None
        if whole is not None and whole != unit:
            parts[unit, whole] += 1
    for (source, target), (count, importance) in found.items():
        yield Edge(source, target, Severity(importance), count)
    for (source, target), count in parts.items():
        if (source, target) not in found:
            yield Edge(source, target, Severity.CRITICAL, count, part=True)


def in_order(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[Edge]:
    """Lines from the middle outwards, the hardest first."""
    by_id = {node.id: node for node in nodes}

    def place(edge: Edge) -> tuple[Any, ...]:
        ends = by_id[edge.source], by_id[edge.target]
        return (min(abs(node.order) for node in ends), edge.part, -edge.importance, *(n.label for n in ends))

    return sorted(edges, key=place)


def _with_room(nodes: Iterable[Node], edges: list[Edge]) -> list[Edge]:
    """The lines there is room for: one for each node first, so that none looks as if nothing led to it."""
    if len(edges) <= MOST_EDGES:
        return edges
    joined: set[str] = set()
    first: list[Edge] = []
    others: list[Edge] = []
    for edge in in_order(nodes, edges):
        ends = {edge.source, edge.target}
        (others if ends <= joined else first).append(edge)
        joined |= ends
    return [*first, *others][:MOST_EDGES]


def _homes(landscape: Landscape, members: Mapping[int, Member]) -> dict[str, list[int]]:
    """By home (``p`` and a platform's key, or ``d`` and a department's): the members that belong there, two or more."""
    found: dict[str, list[int]] = defaultdict(list)
    for key, member in members.items():
        facts = landscape.assets[key]
        if not facts.is_system:
            found[f"p{_platform(landscape, key)}"].append(key)
        elif not member.role:  # a system that was asked about stands by itself
            found[f"d{facts.department or 0}"].append(key)
    return {home: keys for home, keys in found.items() if len(keys) > 1}


def _platform(landscape: Landscape, key: int) -> int:
    """The nearest platform that the component is or belongs to; the top of its tree where none is one."""
    at: int | None = key
    seen: set[int] = set()
    while at is not None and at in landscape.assets and at not in seen:
        if landscape.assets[at].component_type == ComponentType.PLATFORM:
            return at
        seen.add(at)
        at = landscape.assets[at].parent
    return landscape.platform(key)


def _home_code(landscape: Landscape, home: str) -> str:
    key = int(home[1:])
    if home[0] == "p":
        return landscape.assets[key].code
    return landscape.organisations[key].code if key in landscape.organisations else NO_DEPARTMENT


def _home(landscape: Landscape, home: str) -> tuple[str, Kind, str]:
    """Label, kind and address of a platform or department."""
    key = int(home[1:])
    if home[0] == "p":
        facts = landscape.assets[key]
        return facts.name, "platform", _href(facts)
    if key not in landscape.organisations:
        return "Uden forvaltning", "department", ""
    owner = landscape.organisations[key]
    return owner.name, "department", reverse("organisation-detail", args=[owner.code])


def _href(facts: Facts) -> str:
    return reverse("system-detail" if facts.is_system else "component-detail", args=[facts.code])


def _counted(count: int, kind: Kind) -> str:
    if kind == "platform":
        return impact.counted(count, "komponent", "komponenter")
    return impact.counted(count, "fagsystem", "fagsystemer") if kind == "department" else plain(count)
