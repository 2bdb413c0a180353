"""The possible gains that the portal finds; those registered or rejected already are left out.

What follows from the landscape alone is kept with it (``budgets.gain_scene``); what depends on money is found anew.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from budgets import costing
from budgets.finding_gains import hardly_used, paid_twice
from budgets.gain_scene import Scene, scene_of
from budgets.gain_words import FINDERS, Finder, Parts
from budgets.gain_world import Finding
from budgets.models import Gain, GainKind
from registry import landscape
from registry.landscape import Facts, Owner

LIMIT = 2  # fagsystemer: so few use a component hardly at all


@dataclass(frozen=True)
class Possible:
    """A possible gain as people read it. ``parts`` is the reason: texts, and assets to link to.

    ``shown_by`` are the dependencies that show it, each with its key and two ends. ``harvester`` is whose gain it is.
    """

    finding: Finding
    kind: GainKind
    gains: Facts
    user: Facts | None
    parts: Parts
    shown_by: tuple[tuple[int, Facts, Facts], ...]
    harvester: Owner | None

    @property
    def key(self) -> str:
        return self.finding.key

    @property
    def kroner(self) -> Decimal | None:
        return self.finding.kroner

    @property
    def reason(self) -> str:
        return "".join(part if isinstance(part, str) else part.name for part in self.parts)


@dataclass(frozen=True)
class Section:
    """A finder with what it found and nobody has judged, in order. ``tell`` makes rows of some of it."""

    finder: Finder
    items: Sequence[Finding]
    scene: Scene
    year: int

    def __len__(self) -> int:
        return len(self.items)

    @property
    def title(self) -> str:
        return self.finder.one if len(self) == 1 else self.finder.many

    def tell(self, start: int = 0, stop: int | None = None) -> list[Possible]:
        return [self._told(finding) for finding in self.items[start:stop]]

    def _told(self, finding: Finding) -> Possible:
        facts = self.scene.facts
        user = None if finding.user is None else facts(finding.user)
        links = [self.scene.links[key] for key in finding.links]
        owner = user.department if user else None
        return Possible(
            finding=finding,
            kind=self.finder.kind,
            gains=facts(finding.gains),
            user=user,
            parts=self.finder.tell(self.scene, finding, self.year),
            shown_by=tuple((link.key, facts(link.source), facts(link.target)) for link in links),
            harvester=self.scene.landscape.organisations.get(owner) if owner else None,
        )


def sections(
    on: datetime.date, limit: int = LIMIT, concerning: frozenset[int] | None = None
) -> list[Section]:
    """Every finder with what is still to be judged on the day ``on``; ``concerning`` keeps what is about one
    of those assets.

    At most twelve queries more than the landscape's.
    """
    scene = scene_of(landscape.at(on))
    costs = costing.by_component(costing.costs([on.year]))
    judged = set(Gain.objects.current().exclude(finding="").order_by().values_list("finding", flat=True))
    found = {
        **scene.found,
        paid_twice.__name__: paid_twice(scene.world, costs),
        hardly_used.__name__: hardly_used(scene.world, costs, limit),
    }

    def wanted(finding: Finding) -> bool:
        about = concerning is None or not concerning.isdisjoint((*finding.about, finding.gains))
        return about and finding.key not in judged

    return [
        Section(finder, [each for each in found[finder.name] if wanted(each)], scene, on.year)
        for finder in FINDERS
    ]


def by_key(key: str, on: datetime.date) -> Possible | None:
    """The possible gain of that name, judged or not; None when there is none any more."""
    name = key.partition("-")[0]
    scene = scene_of(landscape.at(on))
    found: Iterable[Finding] = scene.found.get(name, ())
    if name in (paid_twice.__name__, hardly_used.__name__):
        costs = costing.by_component(costing.costs([on.year]))
        if name == paid_twice.__name__:
            found = paid_twice(scene.world, costs)
        else:  # of this component alone, however many use it
            found = hardly_used(scene.world, {k: v for k, v in costs.items() if key == f"{name}-{k}"}, None)
    finding = next((each for each in found if each.key == key), None)
    if finding is None:
        return None
    finder = next(each for each in FINDERS if each.name == name)
    return Section(finder, [finding], scene, on.year).tell()[0]


__all__ = ["LIMIT", "Possible", "Section", "by_key", "sections"]
