"""Landscapes without a database, for tests of what is pure: ``landscape("A>B A~C")``."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from registry.graph import Edge, Graph, Node, Severity
from registry.landscape import Facts, Landscape, Owner, Source
from registry.models import Kind

DAY = datetime.date(2026, 6, 1)
SIGNS = {">": Severity.CRITICAL, "~": Severity.DEGRADED, ".": Severity.MINOR}


def landscape(
    links: str | Iterable[tuple[str, str]] = "",
    systems: str | Iterable[str] = "",
    parents: Mapping[str, str] | None = None,
    platforms: str | Iterable[str] = "",
    departments: Mapping[str, str] | None = None,
    alone: str | Iterable[str] = "",
) -> Landscape:
    """Assets from their links: ``A>B`` A stops without B, ``A~B`` it works worse, ``A.B`` it is felt a little.

    Codes in a text are parted by spaces. Whatever is not among ``systems`` is a component.
    """
    parents, departments = parents or {}, departments or {}
    if isinstance(links, str):
        edges = [_link(link) for link in links.split()]
    else:
        edges = [(*link, Severity.CRITICAL) for link in links]
    running, tops = set(_words(systems)), set(_words(platforms))
    ends = [code for source, target, _ in edges for code in (source, target)]
    codes = list(dict.fromkeys([*ends, *parents, *parents.values(), *running, *tops, *_words(alone)]))
    keys = {code: at for at, code in enumerate(codes, start=1)}
    owners = {name: at for at, name in enumerate(dict.fromkeys(departments.values()), start=1)}
    facts = {
        key: Facts(
            key,
            code,
            f"Navn {code}",
            Kind.SYSTEM if code in running else Kind.COMPONENT,
            "" if code in running else "platform" if code in tops else "module",
            keys.get(parents.get(code, "")),
            owners.get(departments.get(code, "")),
            None,
            "active",
            None,
            None,
            None,
        )
        for code, key in keys.items()
    }
    graph = Graph(
        (Node(f.key, f.code, f.parent, None, f.is_system) for f in facts.values()),
        (Edge(keys[source], keys[target], importance) for source, target, importance in edges),
    )
    organisations = {at: Owner(name, f"Forvaltning {name}") for name, at in owners.items()}
    return Landscape(DAY, Source.NOW, facts, organisations, {}, graph, keys)


def _words(given: str | Iterable[str]) -> list[str]:
    if isinstance(given, str):
        return given.split()
    return list(given)


def _link(text: str) -> tuple[str, str, Severity]:
    sign = next(sign for sign in SIGNS if sign in text)
    source, target = text.split(sign)
    return source, target, SIGNS[sign]
