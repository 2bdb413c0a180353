"""Which fagsystem uses what on a day: the rows that the matrix and the map of the landscape count.

Counted is what is ongoing, as in the lists of dependencies: not ended, planned ones included. (What a failure spreads
through, ``landscape.graph``, is less than that.)
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

from django.db.models import Q

from foi_portal.core.danish import sort_key
from registry import landscape, past
from registry.landscape import CAPS, Facts, Landscape, Source
from registry.matrix import Modules
from registry.models import Asset, Dependency, DependencyStatus
from registry.models.dependency import LIVE_STATUSES

NO_DEPARTMENT = "\U0010ffff"  # systems without a department come last


class Link(NamedTuple):
    """A fagsystem's ongoing dependency. ``running``: not only planned on that day."""

    source: int
    target: int
    importance: str
    status: str
    running: bool

    @property
    def severity(self) -> int:
        return int(CAPS[self.importance])


@dataclass(frozen=True)
class Usage:
    """``systems`` in Danish order by department and name. ``components`` in Danish order by name; today's list of
    dependencies also has those on archived components, so for today they are among them."""

    landscape: Landscape
    systems: list[Facts]
    components: Mapping[int, Facts]
    modules: Modules
    links: list[Link]


_kept: list[Usage] = []
_lock = Lock()


def on(landscape: Landscape) -> Usage:
    """What is used on the landscape's day. Two queries, or none when the same landscape was asked for last."""
    with _lock:
        if _kept and _kept[0].landscape is landscape:
            return _kept[0]
    found = _load(landscape)
    with _lock:
        _kept[:] = [found]
    return found


def forget() -> None:
    """Empty the process's memory."""
    with _lock:
        _kept.clear()


def _load(known: Landscape) -> Usage:
    assets = list(known.assets.values())
    components = [asset for asset in assets if not asset.is_system]
    if known.source is Source.NOW:
        archived = Asset.objects.components().exclude(archived_at=None).order_by()
        components += [Facts(*row) for row in archived.values_list("pk", *landscape.FACTS)]
    components.sort(key=_by_name)
    systems = [asset for asset in assets if asset.is_system]
    departments = {key: sort_key(owner.name) for key, owner in known.organisations.items()}
    systems.sort(key=lambda s: (departments.get(s.department or 0, NO_DEPARTMENT), *_by_name(s)))
    own = {system.key for system in systems}
    links = [
        Link(source, target, importance, status, status in LIVE_STATUSES and (since or known.on) <= known.on)
        for source, target, importance, status, since in _rows(known)
        if source in own
    ]
    by_key = {component.key: component for component in components}
    modules = Modules({key: component.parent for key, component in by_key.items()})
    return Usage(known, systems, by_key, modules, links)


def _by_name(asset: Facts) -> tuple[str, str]:
    return sort_key(asset.name), asset.code


Row = tuple[int, int, str, str, datetime.date | None]


def _rows(known: Landscape) -> Iterable[Row]:
    fields = ("source_id", "target_id", "importance", "status", "since")
    if known.source is Source.HISTORY:
        return [
            tuple(row)
            for _, *row, until in past.rows(Dependency, (*fields, "until"), known.on)
            if row[3] != DependencyStatus.ENDED and (until is None or until > known.on)
        ]
    rows = Dependency.objects.ongoing(known.on)
    if known.source is Source.PERIODS:
        rows = rows.filter(Q(since=None) | Q(since__lte=known.on))
    return rows.order_by().values_list(*fields)
