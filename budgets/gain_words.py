"""What each finder of possible gains is called, and how what it found is told in Danish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from budgets import words
from budgets.finding_gains import (
    bilateral,
    both_generations,
    direct_register,
    hardly_used,
    paid_twice,
    two_ways,
)
from budgets.gain_scene import Scene
from budgets.gain_world import Finding
from budgets.models import GainKind
from foi_portal.core.danish import sort_key
from foi_portal.ui import formats
from registry.landscape import Facts

NAMED = 3  # names in a reason
Parts = tuple[str | Facts, ...]  # texts, and assets to link to


@dataclass(frozen=True)
class Finder:
    """What a finder looks for: its name in addresses, its words, its rule in one sentence, how a finding is told."""

    name: str
    one: str
    many: str
    rule: str
    kind: GainKind
    tell: Callable[[Scene, Finding, int], Parts]


def _verb(scene: Scene, finding: Finding, reads: str, writes: str, both: str) -> str:
    """Which way the data goes that the finding is about."""
    user, target = finding.about[:2]
    own = [link for key in finding.links if (link := scene.links[key])[1:3] == (user, target)]
    can_read, can_write = any(link.reads for link in own), any(link.writes for link in own)
    return both if can_read and can_write else reads if can_read else writes


def _others(scene: Scene, finding: Finding) -> int:
    return len(scene.world.systems_of(finding.gains) - {finding.user})


def _count(number: int, one: str, many: str) -> str:
    return f"{formats.plain(number)} {one if number == 1 else many}"


def _tell_direct_register(scene: Scene, finding: Finding, year: int) -> Parts:
    user, register, offer = (scene.facts(key) for key in (*finding.about, finding.gains))
    platform = scene.facts(scene.world.platform(offer.key))
    verb = _verb(scene, finding, "henter selv fra", "skriver selv til", "henter selv fra og skriver selv til")
    others = _others(scene, finding)
    does = (
        f" gør det for {_count(others, 'andet fagsystem', 'andre fagsystemer')}"
        if others
        else " gør det også"
    )
    parts: list[str | Facts] = [user, f" {verb} ", register, ". ", offer, does]
    if finding.known_way:
        parts += [", og fagsystemet bruger allerede ", platform if platform != offer else "den"]
    return (*parts, ".")


def _tell_two_ways(scene: Scene, finding: Finding, year: int) -> Parts:
    user, target, offer = (scene.facts(key) for key in (*finding.about, finding.gains))
    verb = _verb(scene, finding, "henter selv fra", "sender selv til", "udveksler selv data med")
    others = _others(scene, finding)
    does = f", som gør det for {_count(others, 'andet fagsystem', 'andre fagsystemer')}" if others else ""
    return (user, f" {verb} ", target, ", men bruger også ", offer, does, ".")


def _tell_bilateral(scene: Scene, finding: Finding, year: int) -> Parts:
    user, other, carrier = (scene.facts(key) for key in (*finding.about, finding.gains))
    verb = _verb(
        scene, finding, "henter data direkte fra", "sender data direkte til", "udveksler data direkte med"
    )
    how = ", hvor den ene afleverer, og den anden henter" if finding.known_way else ""
    return (user, f" {verb} ", other, ". Begge er i forvejen koblet på ", carrier, how, ".")


def _tell_both_generations(scene: Scene, finding: Finding, year: int) -> Parts:
    user, old, new = (scene.facts(key) for key in finding.about)
    return (user, " bruger både ", old, " og ", new, ", som afløser den.")


def _tell_paid_twice(scene: Scene, finding: Finding, year: int) -> Parts:
    old, new = (scene.facts(key) for key in finding.about)
    return (old, f" koster {_kroner(finding.kroner)} i {year}, og ", new, ", som afløser den, betales også.")


def _tell_hardly_used(scene: Scene, finding: Finding, year: int) -> Parts:
    component = scene.facts(finding.gains)
    start = f" koster {_kroner(finding.kroner)} i {year} og bruges "
    users = sorted((scene.facts(key) for key in finding.others), key=lambda f: (sort_key(f.name), f.code))
    if not users:
        return (component, f"{start}ikke af noget fagsystem i registret.")
    named, more = users[:NAMED], len(users) - NAMED
    parts: list[str | Facts] = [component, f"{start}kun af "]
    for place, facts in enumerate(named):
        last = place == len(named) - 1 and more <= 0
        parts += [" og " if last and place else ", " if place else "", facts]
    return (*parts, f" og {_count(more, 'andet fagsystem', 'andre fagsystemer')}." if more > 0 else ".")


def _kroner(amount: Decimal | None) -> str:
    return "ikke kendt" if amount is None else f"{words.exact(amount)} kr."


FINDERS = (
    Finder(
        direct_register.__name__,
        "fagsystem henter direkte fra et register",
        "fagsystemer henter direkte fra et register",
        "Fagsystemet henter selv fra et register, som en fælles komponent allerede henter fra for andre. En komponent, "
        "der kun læser, foreslås ikke til et fagsystem, der også skriver.",
        GainKind.DATA_REUSE,
        _tell_direct_register,
    ),
    Finder(
        two_ways.__name__,
        "fagsystem har to veje til det samme",
        "fagsystemer har to veje til det samme",
        "Fagsystemet udveksler selv data med noget og bruger også en fælles komponent, der gør det samme.",
        GainKind.DOUBLE_COST,
        _tell_two_ways,
    ),
    Finder(
        bilateral.__name__,
        "integration direkte mellem to fagsystemer",
        "integrationer direkte mellem to fagsystemer",
        "Det ene afleverer i forvejen til en fælles komponent, som det andet henter fra: den samme, det samme "
        "modul eller den samme platform.",
        GainKind.CHEAPER_INTEGRATION,
        _tell_bilateral,
    ),
    Finder(
        hardly_used.__name__,
        "komponent betales, men bruges næsten ikke",
        "komponenter betales, men bruges næsten ikke",
        "Fagsystemer tæller med, uanset om de bruger komponenten selv, dens moduler eller en anden komponent, "
        "der bruger den. Bruges den af mennesker og ikke af fagsystemer, er det ikke en gevinst: afvis den så.",
        GainKind.BETTER_USE,
        _tell_hardly_used,
    ),
    Finder(
        both_generations.__name__,
        "fagsystem bruger både det gamle og det nye",
        "fagsystemer bruger både det gamle og det nye",
        "Fagsystemet bruger noget, der afløses, og også det, der afløser det.",
        GainKind.DEARER_MAINTENANCE,
        _tell_both_generations,
    ),
    Finder(
        paid_twice.__name__,
        "komponent betales sammen med sin afløser",
        "komponenter betales sammen med deres afløser",
        "Begge er i drift, og begge koster penge i år.",
        GainKind.DOUBLE_COST,
        _tell_paid_twice,
    ),
)

__all__ = ["FINDERS", "Finder", "Parts"]
