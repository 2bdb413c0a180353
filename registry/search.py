"""Search over the registry, the same on both databases: exact, by part and tolerant of typing errors.

On PostgreSQL the trigram indexes of migration 0002 carry it. The number of queries does not depend on how
much is found. Ranking is the database's, so the best 200 of 10,000 are taken without fetching the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    FloatField,
    Func,
    IntegerField,
    Model,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Concat, Greatest, Length, RowNumber
from django.urls import reverse
from django.utils.safestring import SafeString

from foi_portal.ui.forms import SEPARATOR
from registry.models import Asset, Dependency, Kind, Lifecycle, Organisation, OrganisationKind
from registry.models.asset import AssetQuerySet
from registry.models.dependency import DependencyQuerySet
from registry.models.organisation import OrganisationQuerySet
from registry.ranking import Found, Hit, Outdated, Query, Rank, highlight, in_order, parse, snippet

ORGANISATION = "organisation"
KINDS = (Kind.COMPONENT.value, Kind.SYSTEM.value, ORGANISATION)
LIMIT = 200  # hits of each kind that can be paged through
SIMILAR_LIMIT = 20
SIMILAR_ENOUGH = 0.4  # of trigrams shared: «Datafordleren» 0.71, «cuar» for CURA 0.40
WORTH_SUGGESTING = 0.2
LONG_ENOUGH = 3  # signs in a trigram: shorter words are looked for in codes and names only

# Regular expressions that both databases read alike. Aliases are separated by commas.
NAME_BEGINS, NAME_ENDS, WORD_BEGINS = "(^|, *)", " *(,|$)", "(^|[ ,(/-])"


@dataclass(frozen=True)
class Source:
    """What an upper app lets the search find: rows that can be archived. Who may view them may find them.

    ``names`` are the paths that name a row: one as good as a code, then its name, and others. ``results`` shows the
    rows with the keys given, by key, in one query. ``label`` heads the tab. ``similar``: also what is nearly spelt so,
    which is for names and not for long texts.
    """

    kind: str
    label: str
    model: type[Any]
    names: tuple[str, ...]
    results: Callable[[list[int], Query], dict[int, Result]]
    similar: bool = True


SOURCES: dict[str, Source] = {}  # of upper apps, by kind, filled in by their ``AppConfig.ready``


def register(source: Source) -> None:
    """Let the search find the source's rows too. Registering a kind again replaces it."""
    SOURCES[source.kind] = source


def _names(model: type[Model]) -> tuple[str, ...]:
    """The paths by which people name the model's rows; the first is a code."""
    for source in SOURCES.values():
        if source.model is model:
            return source.names
    return ("code", "name") if model is Organisation else ("code", "name", "aliases")


def _in_names(model: type[Model], word: str) -> Q:
    return reduce(or_, (Q(**{f"{path}__icontains": word}) for path in _names(model)))


def _names_like(model: type[Model], before: str, text: str, after: str = "") -> Q:
    """Names and aliases that have ``text`` between the patterns ``before`` and ``after``."""
    pattern = before + re.escape(text) + after
    return reduce(or_, (Q(**{f"{path}__iregex": pattern}) for path in _names(model)[1:]))


def _vendors(word: str) -> OrganisationQuerySet:
    return Organisation.objects.filter(_in_names(Organisation, word)).order_by()


def _purposes(word: str) -> DependencyQuerySet:
    return Dependency.objects.ongoing().filter(purpose__icontains=word).order_by()


def _rank(model: type[Model], query: Query) -> Case:
    """SQL: the ``Rank`` of a row that matches every word.

    Most rows of a broad search match by a description or a purpose. They are sorted out first by a cheap test, so
    that the regular expressions run for names only.
    """
    text, words = query.text, query.words
    named = reduce(and_, (_in_names(model, word) for word in words))
    code = _names(model)[0]
    starts = (Q(**{f"{code}__istartswith": word}) | _names_like(model, WORD_BEGINS, word) for word in words)
    by_name = Case(
        When(Q(**{f"{code}__in": [text, text.replace(" ", "")]}), then=Value(Rank.CODE)),
        When(_names_like(model, NAME_BEGINS, text, NAME_ENDS), then=Value(Rank.NAME)),
        When(Q(**{f"{code}__istartswith": text}), then=Value(Rank.CODE_START)),
        When(_names_like(model, NAME_BEGINS, text), then=Value(Rank.NAME_START)),
        When(reduce(and_, starts), then=Value(Rank.WORD_START)),
        default=Value(Rank.NAME_PART),
    )
    if model is not Asset:
        return by_name
    weakest = [_otherwise(word, maybe_named=len(words) > 1) for word in words]
    return Case(
        When(named, then=by_name),
        default=Greatest(*weakest) if len(words) > 1 else weakest[0],
        output_field=IntegerField(),
    )


def _otherwise(word: str, maybe_named: bool) -> Case:
    """SQL: how well one word matches an asset that is not found by name alone."""
    cases = [When(_in_names(Asset, word), then=Value(Rank.NAME_PART))] if maybe_named else []
    cases.append(When(provider__in=_vendors(word).values("pk"), then=Value(Rank.VENDOR)))
    if len(word) >= LONG_ENOUGH:
        cases.append(When(description__icontains=word, then=Value(Rank.DESCRIPTION)))
    return Case(*cases, default=Value(Rank.PURPOSE))


def _matching(query: Query, with_purpose: bool) -> AssetQuerySet:
    """Assets in which every word occurs somewhere. A union per word lets each part use its own index."""
    assets = Asset.objects.order_by()
    for word in query.words:
        own = _in_names(Asset, word)
        if len(word) >= LONG_ENOUGH:
            own |= Q(description__icontains=word)
        parts: list[QuerySet[Any, Any]] = [
            Asset.objects.filter(provider__in=_vendors(word).values("pk")).order_by().values("pk")
        ]
        if with_purpose and len(word) >= LONG_ENOUGH:
            parts.append(_purposes(word).values("source_id"))
        assets = assets.filter(pk__in=Asset.objects.filter(own).order_by().values("pk").union(*parts))
    return assets


def _best(rows: Any, kind: Any, kinds: int) -> Any:
    """The best ``LIMIT`` rows or more of each kind, with ``place`` among them and ``total`` of them all."""
    archived = Case(When(archived_at=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    code, name, *_ = _names(rows.model)
    order = [archived.asc(), F("rank").asc(), F(name).asc(), F(code).asc(), F("pk").asc()]
    return rows.annotate(
        total=Window(Count("pk"), partition_by=kind),
        place=Window(RowNumber(), partition_by=kind, order_by=order),
    ).order_by("place")[: LIMIT * kinds]


def _similarity(model: type[Model], word: str) -> Any:
    """SQL: 0 to 1, how much of ``word`` is found close together in the code, name or aliases."""
    first, *others = _names(model)
    text: list[Any] = [F(first)]
    for path in others:
        text += [Value(" "), F(path)]
    return Func(Value(word), Concat(*text), function="word_similarity", output_field=FloatField())


def _similar(rows: Any, query: Query, least: float) -> Any:
    """Rows in whose names every word occurs or nearly does, the nearest first. Short ones must occur."""
    nearness: Any = Value(0.0)
    for number, word in enumerate(query.words):
        if len(word) < LONG_ENOUGH:
            rows = rows.filter(_in_names(rows.model, word))
            continue
        rows = rows.annotate(**{f"near_{number}": _similarity(rows.model, word)})
        rows = rows.filter(**{f"near_{number}__gte": least})
        nearness = nearness + F(f"near_{number}")
    code, name, *_ = _names(rows.model)
    order = ("archived_at", "-nearness", name, code, "pk")
    return rows.annotate(nearness=nearness).order_by(*order)


def _assets(kinds: Collection[str]) -> AssetQuerySet:
    return Asset.objects.filter(kind__in=kinds).order_by()


ASSET_COLUMNS = (
    "kind",
    "pk",
    "name",
    "archived_at",
    "lifecycle",
    "successor__kind",
    "successor_id",
    "successor__archived_at",
)


class _Collector:
    """Gathers hits of assets and organisations, and which of them are outdated."""

    def __init__(self, kinds: Collection[str]) -> None:
        self.kinds = kinds
        self.hits: list[Hit] = []
        self.outdated: list[Outdated] = []
        self.totals: dict[str, int] = dict.fromkeys(kinds, 0)

    def assets(self, rows: Iterable[Any]) -> None:
        for (
            kind,
            pk,
            name,
            archived_at,
            lifecycle,
            next_kind,
            next_id,
            next_archived,
            rank,
            place,
            total,
        ) in rows:
            self.totals[kind] = total
            if place > LIMIT:
                continue
            hit = Hit(kind, pk, Rank(rank), archived_at is not None, place)
            self.hits.append(hit)
            is_outdated = archived_at is not None or lifecycle == Lifecycle.RETIRED
            by_name = hit.rank.is_by_name or hit.rank == Rank.SIMILAR
            if is_outdated and by_name and next_kind in self.kinds and next_archived is None:
                self.outdated.append(Outdated(hit, name, next_kind, next_id))

    def others(self, kind: str, rows: Iterable[Any]) -> None:
        for pk, archived_at, rank, place, total in rows:
            self.hits.append(Hit(kind, pk, Rank(rank), archived_at is not None, place))
            self.totals[kind] = total

    def found(self) -> Found:
        hits = in_order(self.hits, self.outdated)
        known = {(hit.kind, hit.id) for hit in self.hits}
        totals = dict(self.totals)
        for hit in hits:
            if (hit.kind, hit.id) not in known:
                totals[hit.kind] += 1
        return Found(hits, totals, bool(hits) and all(hit.rank == Rank.SIMILAR for hit in hits))


def ranked(rows: Any, query: Query) -> Any:
    """Those of the rows, of organisations or of a ``Source``, in whose names every word is, with their ``rank``."""
    for word in query.words:
        rows = rows.filter(_in_names(rows.model, word))
    return rows.annotate(rank=_rank(rows.model, query))


def _asset_kinds(kinds: Collection[str]) -> list[str]:
    return [kind for kind in kinds if kind in (Kind.COMPONENT, Kind.SYSTEM)]


def _other_models(kinds: Collection[str]) -> list[tuple[str, type[Any]]]:
    """What is no asset, one model for each kind."""
    models: dict[str, type[Any]] = {ORGANISATION: Organisation}
    models |= {kind: source.model for kind, source in SOURCES.items()}
    return [(kind, models[kind]) for kind in kinds if kind in models]


def find(query: Query, kinds: Collection[str] = KINDS, *, with_purpose: bool = True) -> Found:
    """What answers ``query`` among ``kinds``: at most ``LIMIT`` hits of each, the best first.

    ``with_purpose`` says whether the purposes of dependencies may be looked in. When nothing is called what
    was asked for, names that look like it follow. Two queries and one for each ``Source``; twice that with look-alikes.
    """
    if not query:
        return Found(totals=dict.fromkeys(kinds, 0))
    asset_kinds = _asset_kinds(kinds)
    collector = _Collector(kinds)
    if asset_kinds:
        matches = _matching(query, with_purpose).filter(kind__in=asset_kinds)
        best = _best(matches.annotate(rank=_rank(Asset, query)), F("kind"), len(asset_kinds))
        collector.assets(best.values_list(*ASSET_COLUMNS, "rank", "place", "total"))
    for kind, model in _other_models(kinds):
        best = _best(ranked(model._default_manager.order_by(), query), Value(1), 1)
        collector.others(kind, best.values_list("pk", "archived_at", "rank", "place", "total"))
    if not any(hit.rank.is_by_name for hit in collector.hits):
        _add_similar(collector, query, asset_kinds)
    return collector.found()


def _add_similar(collector: _Collector, query: Query, asset_kinds: list[str]) -> None:
    if all(len(word) < LONG_ENOUGH for word in query.words):
        return
    known = {(hit.kind, hit.id) for hit in collector.hits}
    totals = dict(collector.totals)
    extra: dict[str, int] = defaultdict(int)
    if asset_kinds:
        rows = _similar(_assets(asset_kinds), query, SIMILAR_ENOUGH).values_list(*ASSET_COLUMNS)[
            :SIMILAR_LIMIT
        ]
        new = [row for row in rows if (row[0], row[1]) not in known]
        for row in new:
            extra[row[0]] += 1
        collector.assets(
            (*row, Rank.SIMILAR, place, totals[row[0]] + extra[row[0]]) for place, row in enumerate(new)
        )
    for kind, model in _other_models(collector.kinds):
        if kind in SOURCES and not SOURCES[kind].similar:
            continue
        rows = _similar(model._default_manager.order_by(), query, SIMILAR_ENOUGH)
        new = [row for row in rows.values_list("pk", "archived_at")[:SIMILAR_LIMIT]
               if (kind, row[0]) not in known]  # fmt: skip
        total = totals[kind] + len(new)
        collector.others(kind, [(*row, Rank.SIMILAR, place, total) for place, row in enumerate(new)])


def suggestions(query: Query, kinds: Collection[str] = KINDS) -> list[str]:
    """At most three names that somewhat look like ``query``, for «Mente du». One query."""
    asset_kinds = _asset_kinds(kinds)
    if not query or all(len(word) < LONG_ENOUGH for word in query.words):
        return []
    rows: Any = _assets(asset_kinds).filter(archived_at=None)
    rows = rows.annotate(nearness=_similarity(Asset, query.text)).filter(nearness__gte=WORTH_SUGGESTING)
    return list(rows.order_by("-nearness", "name", "code").values_list("name", flat=True)[:3])


@dataclass
class Result:
    """One hit as the page shows it; texts are escaped and carry ``<mark>``."""

    kind: str
    kind_label: str
    url: str
    code: SafeString
    name: SafeString
    text: SafeString
    badge: str = ""
    replaces: str = ""
    facts: list[tuple[str, SafeString]] = field(default_factory=list)


QUIET = (Lifecycle.ACTIVE.value,)


def results(hits: list[Hit], query: Query, *, with_purpose: bool = True) -> list[Result]:
    """The hits of one page with what they are and where the query matched, in order. Three queries, and
    one for each ``Source`` that has hits on it.
    """
    made: dict[tuple[str, int], Result] = {}
    asset_ids = [hit.id for hit in hits if hit.kind in (Kind.COMPONENT, Kind.SYSTEM)]
    organisation_ids = [hit.id for hit in hits if hit.kind == ORGANISATION]
    columns = (
        "pk",
        "kind",
        "code",
        "name",
        "aliases",
        "description",
        "lifecycle",
        "archived_at",
        "provider__name",
        "provider__code",
    )
    for row in Asset.objects.filter(pk__in=asset_ids).order_by().values(*columns):
        made[row["kind"], row["pk"]] = _asset_result(row, query)
    for row in (
        Organisation.objects.filter(pk__in=organisation_ids)
        .order_by()
        .values("pk", "code", "name", "kind", "archived_at", "parent__name")
    ):
        made[ORGANISATION, row["pk"]] = _organisation_result(row, query)
    if with_purpose:
        purposes = _purposes_of(asset_ids, query)
        for (kind, pk), result in made.items():
            if kind != ORGANISATION:
                result.facts += [("Formål", text) for text in purposes.get(pk, [])]
    for kind, source in SOURCES.items():
        ids = [hit.id for hit in hits if hit.kind == kind]
        made |= {(kind, pk): result for pk, result in (source.results(ids, query) if ids else {}).items()}
    shown = [(hit, made[hit.kind, hit.id]) for hit in hits if (hit.kind, hit.id) in made]
    return [replace(result, replaces=hit.replaces) for hit, result in shown]


def _asset_result(row: Mapping[str, Any], query: Query) -> Result:
    badge = "" if row["lifecycle"] in QUIET else str(Lifecycle(row["lifecycle"]).label)
    result = Result(
        kind=row["kind"],
        kind_label=str(Kind(row["kind"]).label),
        url=reverse(f"{row['kind']}-detail", args=[row["code"]]),
        code=highlight(row["code"], query),
        name=highlight(row["name"], query),
        text=snippet(row["description"], query),
        badge="Arkiveret" if row["archived_at"] else badge,
    )
    if row["aliases"]:
        result.facts.append(("Også kaldt", snippet(row["aliases"], query)))
    if row["provider__name"]:
        result.facts.append(("Leverandør", highlight(row["provider__name"], query)))
    return result


def _organisation_result(row: Mapping[str, Any], query: Query) -> Result:
    result = Result(
        kind=ORGANISATION,
        kind_label=str(OrganisationKind(row["kind"]).label),
        url=reverse("organisation-detail", args=[row["code"]]),
        code=highlight(row["code"], query),
        name=highlight(row["name"], query),
        text=SafeString(),
        badge="Arkiveret" if row["archived_at"] else "",
    )
    if row["parent__name"]:
        result.facts.append(("Hører under", highlight(row["parent__name"], query)))
    return result


def _purposes_of(asset_ids: list[int], query: Query) -> dict[int, list[SafeString]]:
    """At most two purposes per asset in which one of the words occurs, with what the asset uses for it."""
    words = Q(pk__in=[])
    for word in query.words:
        if len(word) >= LONG_ENOUGH:
            words |= Q(purpose__icontains=word)
    found: dict[int, list[SafeString]] = defaultdict(list)
    rows = Dependency.objects.ongoing().filter(words, source__in=asset_ids).order_by("source_id", "id")
    for source_id, purpose, target in rows.values_list("source_id", "purpose", "target__name"):
        if len(found[source_id]) < 2:
            found[source_id].append(highlight(f"{purpose} (bruger {target})", query))
    return found


def lookup(raw: str, kinds: Collection[str], limit: int = 12) -> list[dict[str, str]]:
    """Type-ahead: at most ``limit`` current rows of ``kinds`` by code, name or alias, ranked as the search.

    ``kinds`` is asset kinds, or ``ORGANISATION`` alone. Each row is ``code``, ``name``, ``kind``
    and ``label``. Names that look like the query are given when nothing else is. Archived rows are left out.
    One or two queries.
    """
    query = parse(raw)
    if not query:
        return []
    is_organisation = ORGANISATION in kinds
    model: type[Model] = Organisation if is_organisation else Asset
    rows = Organisation.objects.all() if is_organisation else _assets(kinds)
    rows = rows.filter(archived_at=None)
    matches = rows
    for word in query.words:
        matches = matches.filter(_in_names(model, word))
    columns = ("code", "name", "kind") if is_organisation else ("code", "name", "kind", "lifecycle")
    order = ["rank", "name", "code"] if is_organisation else ["rank", "over", "name", "code"]
    if not is_organisation:  # what is over is seldom what somebody is about to write down
        matches = matches.annotate(over=Case(When(lifecycle=Lifecycle.RETIRED, then=1), default=0))
    best = matches.annotate(rank=_rank(model, query)).order_by(*order)
    found = list(best.values(*columns)[:limit])
    if not found and any(len(word) >= LONG_ENOUGH for word in query.words):
        found = list(_similar(rows, query, SIMILAR_ENOUGH).values(*columns)[:limit])
    return [_option(row) for row in found]


def _option(row: dict[str, Any]) -> dict[str, str]:
    # The label is what the type-ahead writes in the field: CodeChoiceField reads its beginning as the code.
    parts = [row["code"], row["name"]]
    if row.get("lifecycle") in (Lifecycle.RETIRED, Lifecycle.PLANNED):
        parts.append(str(Lifecycle(row["lifecycle"]).label).lower())
    return {"code": row["code"], "name": row["name"], "kind": row["kind"], "label": SEPARATOR.join(parts)}


def nearest_codes(rows: QuerySet[Any], typed: str, limit: int = 3) -> list[str]:
    """The codes of the current ``rows`` that somebody who typed ``typed`` probably meant. One query.

    The database finds those that share trigrams; among them Python looks for letters in the same order, which
    finds two that were swapped in a short code. Nothing is better than a wild guess.
    """
    text = parse(typed).text
    if not text:
        return []
    near = rows.filter(archived_at=None).annotate(nearness=_similarity(rows.model, text))
    near = near.filter(nearness__gte=WORTH_SUGGESTING).order_by("-nearness", Length("code"), "code")
    found = list(near.values_list("code", "name", "nearness")[:100])
    meant = {name.casefold(): code for code, name, _ in found} | {code.casefold(): code for code, *_ in found}
    alike = [meant[word] for word in get_close_matches(text.casefold(), meant, n=limit, cutoff=0.6)]
    return list(dict.fromkeys(alike)) or [code for code, _, score in found if score >= SIMILAR_ENOUGH][:limit]
