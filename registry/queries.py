"""Reads over several models, one function per question a page asks. Constant numbers of queries."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from foi_portal.core.keys import among
from foi_portal.core.models import Change
from registry.models import AlternativeGroup, Asset, Component, Dependency, Importance, Kind, Level
from registry.models.asset import AssetQuerySet
from registry.models.dependency import DependencyQuerySet


def _count(rows: QuerySet[Dependency], by: str) -> Coalesce:
    """How many of ``rows`` point by ``by`` at the outer asset, as an annotation."""
    grouped = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), Value(0))


def with_counts(assets: QuerySet[Any]) -> QuerySet[Any]:
    """Assets with ``uses``, ``uses_critical`` and ``used_by``: how many ongoing dependencies there are.

    The annotations cost nothing unless a column asks for them.
    """
    ongoing = Dependency.objects.ongoing()
    return assets.annotate(  # type: ignore[no-any-return]
        uses=_count(ongoing, "source"),
        uses_critical=_count(ongoing.filter(importance=Importance.CRITICAL), "source"),
        used_by=_count(ongoing, "target"),
    )


def unused_components() -> AssetQuerySet:
    """Components in use that nobody is written as using, neither directly nor by anything below them.

    Three queries, the last one when it is read.
    """
    return Asset.objects.components().in_use().filter(pk__in=among(unused_keys()))


def unused_keys() -> list[int]:
    """Keys of components of any status that nobody is written as using. Two queries.

    The used ones are followed up the tree here, whatever its depth.
    """
    parents = dict(Component.objects.values_list("pk", "parent_id"))
    direct = Dependency.objects.ongoing().filter(target__kind=Kind.COMPONENT)
    used: set[int] = set()
    for key in set(direct.order_by().values_list("target", flat=True).distinct()):
        above: int | None = key
        while above is not None and above not in used:
            used.add(above)
            above = parents.get(above)
    return [key for key in parents if key not in used]


def sizes(*models: Any) -> list[tuple[Any, int]]:
    """Each model with how many current rows it has, in the order given: one query."""
    counts = [
        model.objects.current().order_by().annotate(at=Value(i)).values("at").annotate(n=Count("pk"))
        for i, model in enumerate(models)
    ]
    found = {row["at"]: row["n"] for row in counts[0].union(*counts[1:], all=True)}
    return [(model, found.get(i, 0)) for i, model in enumerate(models)]


class Used(NamedTuple):
    code: str
    name: str
    level: str
    users: int


def most_used(limit: int) -> list[Used]:
    """The components in use with the most ongoing dependencies on them, and how many: one query."""
    counted = (
        Dependency.objects.ongoing()
        .filter(target__in=Component.objects.in_use())
        .order_by()
        .values_list("target__code", "target__name", "target__level")
        .annotate(n=Count("pk"))
        .order_by("-n", "target")[:limit]
    )
    return [Used(code, name, str(Level(level).label), n) for code, name, level, n in counted]


@dataclass(frozen=True)
class Node:
    """A component's place in the module tree; ``depth`` 0 is the top."""

    id: int
    code: str
    name: str
    lifecycle: str
    component_type: str
    depth: int
    archived: bool


def _children() -> tuple[dict[int, dict[str, Any]], dict[int | None, list[int]]]:
    """All components by id, and the ids below each parent in Danish order: one query, a few thousand rows."""
    rows = {
        row["id"]: row
        for row in Component.objects.order_by("name", "code").values(
            "id", "parent_id", "code", "name", "lifecycle", "component_type", "archived_at"
        )
    }
    below: dict[int | None, list[int]] = defaultdict(list)
    for row in rows.values():
        below[row["parent_id"]].append(row["id"])
    return rows, below


def module_tree(component_id: int) -> list[Node]:
    """A component's place: its parents from the top down, itself, and all below it. Loops end the walk."""
    rows, below = _children()
    chain, parent = [component_id], rows[component_id]["parent_id"]
    while parent is not None and parent in rows and parent not in chain:
        chain.insert(0, parent)
        parent = rows[parent]["parent_id"]
    nodes = [_node(rows[key], depth) for depth, key in enumerate(chain[:-1])]
    visited = set(chain[:-1])
    stack = [(component_id, len(chain) - 1)]
    while stack:
        key, depth = stack.pop()
        if key in visited:
            continue
        visited.add(key)
        nodes.append(_node(rows[key], depth))
        stack.extend((child, depth + 1) for child in reversed(below[key]))
    return nodes


def _node(row: dict[str, Any], depth: int) -> Node:
    return Node(
        row["id"],
        row["code"],
        row["name"],
        row["lifecycle"],
        row["component_type"],
        depth,
        row["archived_at"] is not None,
    )


def subtree_ids(tree: list[Node], component_id: int) -> list[int]:
    """Ids of the modules below a component in its ``module_tree``, not the component itself."""
    start = next(i for i, node in enumerate(tree) if node.id == component_id)
    return [node.id for node in tree[start + 1 :]]


def modules_below(code: str) -> list[int]:
    """Ids of a component and everything below it, by code; empty when there is no such component."""
    rows, below = _children()
    wanted = code.strip().upper()
    todo = [key for key, row in rows.items() if row["code"] == wanted]
    found: dict[int, None] = {}  # in order, each once although parents may go in a loop
    while todo:
        key = todo.pop()
        if key not in found:
            found[key] = None
            todo.extend(below[key])
    return list(found)


def changes_about(asset: Asset) -> QuerySet[Change]:
    """The asset's own changes and those of its dependencies and groups of alternatives, newest first."""
    wanted = Q(table=Asset._meta.db_table, row_id=asset.pk)
    for model in (Dependency, AlternativeGroup):
        rows = model._default_manager.filter(source=asset).order_by().values("pk")
        wanted |= Q(table=model._meta.db_table, row_id__in=rows)
    return Change.objects.filter(wanted)


def leans_on(asset: Asset) -> DependencyQuerySet:
    """What the asset uses, ended ones last, ready to be shown with target and the platform it belongs to.

    ``alternatives_among`` is how many different ones the row's group of alternatives has.
    """
    group = Dependency.objects.ongoing().filter(alternatives=OuterRef("alternatives")).order_by()
    how_many = group.values("alternatives").annotate(n=Count("target", distinct=True)).values("n")
    return (
        Dependency.objects.filter(source=asset, archived_at=None)
        .select_related("target", "target__parent", "via", "alternatives")
        .annotate(alternatives_among=Subquery(how_many, output_field=IntegerField()))
        .order_by("target__name", "target__code", "id")
    )


def running_alternatives(asset: Asset, on: datetime.date) -> QuerySet[Dependency, int]:
    """Keys of the asset's dependencies in groups of alternatives through which a failure spreads on the date ``on``."""
    live = Dependency.objects.live(on).filter(source=asset).exclude(alternatives=None)
    return live.order_by().values_list("pk", flat=True)


def used_by(ids: list[int]) -> QuerySet[Dependency]:
    """Ongoing dependencies on any of the assets, ready to be shown with source, department and target."""
    return (
        Dependency.objects.ongoing()
        .filter(target__in=ids)
        .select_related("source", "source__department", "target")
        .order_by("source__name", "source__code", "target__name", "id")
    )


@dataclass(frozen=True)
class Group:
    """Dependencies of one importance, under the heading a person reads."""

    importance: Importance
    rows: list[Dependency]


def by_importance(rows: list[Dependency]) -> list[Group]:
    """Rows grouped critical first; empty groups are left out."""
    groups = [Group(i, [row for row in rows if row.importance == i]) for i in Importance]
    return [group for group in groups if group.rows]


@dataclass(frozen=True)
class User:
    """An asset that uses something, with all the dependencies by which it does, the gravest first."""

    asset: Asset
    rows: list[Dependency]

    @property
    def importance(self) -> str:
        """What happens to it at worst."""
        return self.rows[0].get_importance_display()

    @property
    def stops(self) -> bool:
        return self.rows[0].importance == Importance.CRITICAL


def by_user(rows: list[Dependency]) -> list[User]:
    """Dependencies put together per source, in the order the sources first appear."""
    order = list(Importance.values)
    grouped: dict[int, list[Dependency]] = defaultdict(list)
    for row in rows:
        grouped[row.source_id].append(row)
    return [
        User(own[0].source, sorted(own, key=lambda row: order.index(row.importance)))
        for own in grouped.values()
    ]
