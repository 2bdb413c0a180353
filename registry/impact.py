"""The question of ``/konsekvens/`` and its answer as rows: what is hit when something fails, or what one leans on.

``Question.parse`` reads an address, ``ask`` answers from the landscape of the day, ``export_rows`` gives the rows as
scripts read them. Whatever is wrong with a question is said in ``problems``, in Danish, and left out; nothing raises.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from foi_portal.core.fields import CODE_PATTERN
from foi_portal.ui import formats
from foi_portal.ui.forms import SEPARATOR, SUGGESTED, DateField, shorten
from registry import landscape as landscapes
from registry.graph import Answer, Hit, Severity
from registry.landscape import CAPS, Facts, Landscape, Owner, Source
from registry.models import Asset, Importance, Kind
from registry.search import lookup, nearest_codes

Direction = Literal["ned", "op"]

MOST_CHOSEN = 100  # assets, and as many that are down already: an address has room for them
MOST_DEPTH = 999
MOST_MEANT = 5  # suggestions for a text that names nothing
EXPORTED = ("code", "name", "kind", "department", "severity", "distance", "path")
VALUES: Mapping[Severity, str] = {severity: value for value, severity in CAPS.items()}
WORDS: Mapping[Severity, str] = {severity: Importance(value).label for severity, value in VALUES.items()}


@dataclass(frozen=True)
class Question:
    """What an address asks. ``assets`` and ``down`` are codes, or names as they were typed until ``ask`` finds them.

    ``depth``: no farther away than that many steps. ``least``: the mildest that is shown. ``opened``: platforms and
    departments that are open in the picture. ``problems``: what could not be used, and what is done instead.
    """

    assets: tuple[str, ...] = ()
    direction: Direction = "ned"
    on: datetime.date = field(default_factory=timezone.localdate)
    down: tuple[str, ...] = ()
    depth: int | None = None
    least: Severity = Severity.MINOR
    opened: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, params: QueryDict) -> Question:
        """Read ``?asset=&retning=&dato=&nede=&dybde=&betydning=&aabn=``; codes may be repeated or parted by commas."""
        problems: list[str] = []
        direction = params.get("retning", "").strip() or "ned"
        if direction not in ("ned", "op"):
            problems.append("Retningen kan være «ned» eller «op». Her er vist, hvad der rammes.")
        return cls(
            assets=_chosen(params.getlist("asset"), "svigter", problems),
            direction="op" if direction == "op" else "ned",
            on=_date(params.get("dato", ""), problems),
            down=_chosen(params.getlist("nede"), "allerede er nede", problems),
            depth=_depth(params.get("dybde", "").strip(), problems),
            least=_least(params.get("betydning", "").strip(), problems),
            opened=tuple(dict.fromkeys(_texts(params.getlist("aabn"))))[:MOST_CHOSEN],
            problems=tuple(problems),
        )

    @property
    def is_upstream(self) -> bool:
        return self.direction == "op"

    def query(self, **changes: Any) -> str:
        """The whole question as an address's query, without "?". ``changes`` replace fields. Today is left out."""
        asked = replace(self, **changes)
        pairs = [("asset", code) for code in asked.assets]
        pairs.append(("retning", asked.direction))
        if asked.on != timezone.localdate():
            pairs.append(("dato", asked.on.isoformat()))
        pairs += [("nede", code) for code in asked.down]
        if asked.depth is not None:
            pairs.append(("dybde", str(asked.depth)))
        if asked.least is not Severity.MINOR:
            pairs.append(("betydning", VALUES[asked.least]))
        pairs += [("aabn", code) for code in asked.opened]
        return urlencode(pairs)


def _texts(values: Iterable[str]) -> Iterator[str]:
    """Codes and names out of raw values: "STS", "sts,sp", "STS · Støttesystemerne", "Støttesystemerne"."""
    for value in values:
        text = " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
        if SEPARATOR in text:
            yield text.split(SEPARATOR, maxsplit=1)[0].upper()
            continue
        parts = [part.strip().upper() for part in text.split(",")]
        if all(re.match(CODE_PATTERN, part) for part in parts if part):
            yield from filter(None, parts)
        else:
            yield text


def _chosen(values: Iterable[str], what: str, problems: list[str]) -> tuple[str, ...]:
    texts = tuple(dict.fromkeys(_texts(values)))
    if len(texts) > MOST_CHOSEN:
        problems.append(
            f"Der kan højst vælges {MOST_CHOSEN}, der {what}. De første {MOST_CHOSEN} er med i svaret, "
            f"de sidste {formats.plain(len(texts) - MOST_CHOSEN)} er udeladt."
        )
    return texts[:MOST_CHOSEN]


def _date(raw: str, problems: list[str]) -> datetime.date:
    try:
        return DateField(required=False).clean(raw) or timezone.localdate()
    except ValidationError as error:
        text = shorten("".join(sign for sign in raw if sign.isprintable()), 30)
        problems.append(f"Datoen «{text}» kan ikke bruges. {' '.join(error.messages)} Svaret er for i dag.")
        return timezone.localdate()


def _depth(raw: str, problems: list[str]) -> int | None:
    if not raw:
        return None
    if raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) > 0:
        return min(int(raw), MOST_DEPTH)
    problems.append("Antal skridt skal være et helt tal fra 1 og op. Her er alle skridt med.")
    return None


def _least(raw: str, problems: list[str]) -> Severity:
    if raw and raw not in CAPS:
        problems.append("«Hvor hårdt» kan være Stopper, Virker dårligere eller Mærkes lidt. Her er alt med.")
    return CAPS.get(raw, Severity.MINOR)


@dataclass(frozen=True, slots=True)
class Row:
    """An asset that is hit, or that one leans on.

    ``path`` goes from what fails to what is hit, both included; upstream that is from this asset to a chosen one.
    ``before`` is how hard what was already down hits it, ``in_part`` whether only parts of it are hit.
    """

    facts: Facts
    department: Owner | None
    severity: Severity
    distance: int
    path: tuple[Facts, ...]
    in_part: bool = False
    before: Severity | None = None

    @property
    def word(self) -> str:
        return WORDS[self.severity]

    @property
    def word_before(self) -> str:
        return WORDS[self.before] if self.before else ""


@dataclass(frozen=True, slots=True)
class ReducedRow:
    """A group of alternatives that has lost some, yet not too many: ``standing`` untouched, ``needed`` enough."""

    facts: Facts
    name: str
    lost: tuple[Facts, ...]
    standing: int
    needed: int

    @property
    def size(self) -> int:
        return self.standing + len(self.lost)


@dataclass(frozen=True, slots=True)
class Reserve:
    """A group of alternatives with one or more to spare: its ``members`` that work, and how many are ``needed``."""

    facts: Facts
    name: str
    members: tuple[Facts, ...]
    needed: int


@dataclass(frozen=True)
class Reply:
    """The answer. ``rows`` are all that are shown, severest first, what was asked for first (fagsystemer, upstream
    components), fagsystemer by criticality (unknown last), then nearest, then by code.

    ``failed``: the chosen that are in operation; ``idle``: the chosen that are not. ``unchanged`` are hit as hard by
    what was down already. Hidden are those too far away, too mild, or both. ``totals`` counts what is hit whether
    shown or not, by is_system and severity; ``spared`` the fagsystemer in operation that are not hit at all.
    ``stopped`` are the chosen that what is down stops already. ``reserves``: upstream, the groups of the chosen that
    no single failure tips. ``unknown`` are the texts that named nothing, ``meant`` what they may have meant.
    ``question`` has the codes of those found.
    """

    question: Question
    landscape: Landscape
    failed: tuple[Facts, ...] = ()
    idle: tuple[Facts, ...] = ()
    down: tuple[Facts, ...] = ()
    rows: tuple[Row, ...] = ()
    hidden_far: int = 0
    hidden_mild: int = 0
    hidden_both: int = 0
    unchanged: tuple[Row, ...] = ()
    reduced: tuple[ReducedRow, ...] = ()
    stopped: tuple[Facts, ...] = ()
    reserves: tuple[Reserve, ...] = ()
    unresolved: int = 0
    answer: Answer = field(default_factory=lambda: Answer(()))
    totals: Mapping[tuple[bool, Severity], int] = field(default_factory=dict)
    spared: int = 0
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    meant: Mapping[str, Sequence[Facts]] = field(default_factory=dict)

    @property
    def chosen(self) -> tuple[Facts, ...]:
        """What was asked about, in operation or not."""
        return (*self.failed, *self.idle)

    @property
    def is_upstream(self) -> bool:
        return self.question.is_upstream

    @property
    def hidden(self) -> int:
        return self.hidden_far + self.hidden_mild + self.hidden_both

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The graph's hits behind ``rows``, for pictures."""
        shown = {row.facts.key for row in self.rows}
        return tuple(hit for hit in self.answer.hits if hit.key in shown)


def ask(question: Question) -> Reply:
    """Answer from the landscape of the question's day.

    The landscape's own queries (one when it is known), one more when codes are unknown, and up to three for what
    each of the first SUGGESTED may have meant.
    """
    land = landscapes.at(question.on)
    finder = _Finder(land)
    chosen = finder.find(question.assets)
    down = [facts for facts in finder.find(question.down) if not finder.is_among(facts, chosen)]
    running = [facts for facts in chosen if facts.key in land.graph]
    idle = [facts for facts in chosen if facts.key not in land.graph]
    finder.problems += [_not_running(facts, land) for facts in idle]
    for facts in [facts for facts in down if facts.key not in land.graph]:
        down.remove(facts)
        finder.problems.append(f"{_not_running(facts, land)} Den er derfor ikke regnet som nede.")
    question = replace(
        question, assets=tuple(f.code for f in chosen), down=tuple(facts.code for facts in down)
    )
    reply = Reply(
        question,
        land,
        tuple(running),
        tuple(idle),
        tuple(down),
        problems=(*question.problems, *finder.problems),
        unknown=tuple(finder.unknown),
        meant=finder.meant,
    )
    return _answered(reply) if running else reply


def _answered(reply: Reply) -> Reply:
    question, land = reply.question, reply.landscape
    failed, down = [f.key for f in reply.failed], [f.key for f in reply.down]
    stopped = {hit.key for hit in land.graph.impact(down).hits if hit.severity is Severity.CRITICAL}
    answer = land.graph.upstream(failed, down) if question.is_upstream else land.graph.impact(failed, down)
    rows: list[Row] = []
    unchanged: list[Row] = []
    far = mild = both = 0
    totals: Counter[tuple[bool, Severity]] = Counter()
    for hit in answer.hits:
        if hit.before == hit.severity:
            unchanged.append(_row(hit, land))
            continue
        totals[land.assets[hit.key].is_system, hit.severity] += 1
        is_far = question.depth is not None and hit.distance > question.depth
        is_mild = hit.severity < question.least
        if is_far or is_mild:
            far += is_far and not is_mild
            mild += is_mild and not is_far
            both += is_far and is_mild
        else:
            rows.append(_row(hit, land))
    touched = {*failed, *down, *(hit.key for hit in answer.hits)}
    return replace(
        reply,
        rows=tuple(sorted(rows, key=lambda row: _rank(row, question.is_upstream))),
        hidden_far=far,
        hidden_mild=mild,
        hidden_both=both,
        unchanged=tuple(sorted(unchanged, key=lambda row: _rank(row, question.is_upstream))),
        reduced=tuple(
            ReducedRow(
                land.assets[reduced.source],
                land.groups[reduced.group].name,
                tuple(land.assets[key] for key in reduced.lost),
                reduced.standing,
                reduced.needed,
            )
            for reduced in answer.reduced
        ),
        stopped=tuple(facts for facts in reply.failed if facts.key in stopped),
        reserves=tuple(_reserves(reply, {*down, *stopped})) if question.is_upstream else (),
        unresolved=answer.unresolved,
        answer=answer,
        totals=totals,
        spared=sum(node.is_system and node.key not in touched for node in land.graph.nodes),
    )


def _rank(row: Row, upstream: bool) -> tuple[int, bool, int, int, str]:
    """The order of rows, as ``Reply`` tells it."""
    facts = row.facts
    weight = (facts.criticality or 0) if facts.is_system else 0
    return -row.severity, facts.is_system == upstream, -weight, row.distance, facts.code


def _reserves(reply: Reply, gone: Collection[int]) -> Iterator[Reserve]:
    """The groups of the chosen that have members to spare when those in ``gone`` do not work."""
    land = reply.landscape
    chosen = {land.graph.index[facts.key]: facts for facts in reply.failed if facts.key not in gone}
    for group in land.graph.groups:
        if group.source in chosen:
            keys = [land.graph.nodes[member].key for member in sorted(group.members)]
            members = tuple(land.assets[key] for key in keys if key not in gone)
            if len(members) > group.needed:
                yield Reserve(chosen[group.source], land.groups[group.key].name, members, group.needed)


def _row(hit: Hit, land: Landscape) -> Row:
    facts = land.assets[hit.key]
    return Row(
        facts,
        land.organisations.get(facts.department) if facts.department is not None else None,
        hit.severity,
        hit.distance,
        tuple(land.assets[key] for key in hit.path),
        hit.in_part,
        hit.before,
    )


class _Finder:
    """Finds the assets that texts name in a landscape, and remembers what was wrong with the rest."""

    def __init__(self, land: Landscape) -> None:
        self.land = land
        self.problems: list[str] = []
        self.unknown: list[str] = []
        self.meant: dict[str, list[Facts]] = {}

    def find(self, texts: Sequence[str]) -> list[Facts]:
        """Those that are found, each once, in order. One query when a text names nothing in the landscape."""
        by_code = self.land.by_code
        found = {text: by_code[text.upper()] for text in texts if text.upper() in by_code}
        rest = [text for text in texts if text not in found]
        if rest:
            found |= self._by_name(rest)
            found |= self._elsewhere([text for text in rest if text not in found])
        keys = dict.fromkeys(found[text] for text in texts if text in found)
        return [self.land.assets[key] for key in keys if key]

    def is_among(self, facts: Facts, chosen: Sequence[Facts]) -> bool:
        """Whether it is chosen already, which is said."""
        if facts in chosen:
            self.problems.append(
                f"{facts.name} er skrevet både som valgt og som allerede nede. Den er kun regnet som valgt."
            )
        return facts in chosen

    def _by_name(self, texts: Sequence[str]) -> dict[str, int]:
        """By text: the key of the one with that name; 0, and a problem, when there are several."""
        named: dict[str, list[int]] = defaultdict(list)
        for facts in self.land.assets.values():
            named[facts.name.casefold()].append(facts.key)
        found = {}
        for text in texts:
            keys = named.get(text.casefold(), [])
            if len(keys) > 1:
                codes = _listed([self.land.code(key) for key in keys[:3]], "eller")
                self.problems.append(f"Flere hedder «{shorten(text)}». Skriv koden i stedet, fx {codes}.")
                self.unknown.append(text)
            if keys:
                found[text] = keys[0] if len(keys) == 1 else 0
        return found

    def _elsewhere(self, texts: Sequence[str]) -> dict[str, int]:
        """Those that had another code on the day; the others are archived, not written yet, or nothing at all."""
        codes = [text.upper() for text in texts]
        rows = {row.code: row for row in Asset.objects.filter(code__in=codes)} if codes else {}
        found = {}
        for text in texts:
            row = rows.get(text.upper())
            if row is not None and row.pk in self.land.assets:
                found[text] = row.pk
            else:
                self.unknown.append(text)
                self.problems.append(self._missing(text, row))
        return found

    def _missing(self, text: str, row: Asset | None) -> str:
        on = formats.date(self.land.on)
        if row is not None and row.archived_at is not None and self.land.source is not Source.HISTORY:
            why = f": {row.archive_reason.rstrip('.')}" if row.archive_reason else ""
            return f"{row.name} ({row.code}) er arkiveret {formats.date(timezone.localdate(row.archived_at))}{why}."
        if row is not None:
            return f"{row.name} ({row.code}) stod ikke i registret den {on}."
        near = self._near(shorten(text)) if len(self.unknown) <= SUGGESTED else []
        if near:
            self.meant[text] = near
        advice = "" if near else " Se efter på listerne, eller søg på navnet."
        return f"«{shorten(text)}» findes ikke.{advice}"

    def _near(self, text: str) -> list[Facts]:
        """Those of the landscape that somebody may have meant: found as the type-ahead finds, else by their code."""
        codes = [row["code"] for row in lookup(text, Kind.values, MOST_MEANT)]
        codes = codes or nearest_codes(Asset.objects.all(), text)
        return [self.land.assets[self.land.by_code[code]] for code in codes if code in self.land.by_code]


def _not_running(facts: Facts, land: Landscape) -> str:
    """Why an asset of the landscape can neither fail nor be hit that day."""
    on = f"den {formats.date(land.on)}"
    if facts.retired_from is not None and facts.retired_from <= land.on:
        return f"{facts.name} er ikke i drift {on}: den sluttede {formats.date(facts.retired_from)}."
    if facts.active_from is not None and facts.active_from > land.on:
        return f"{facts.name} er ikke i drift {on}: den begynder {formats.date(facts.active_from)}."
    state = "udfaset" if facts.lifecycle == "retired" else "kun planlagt"
    return f"{facts.name} er ikke i drift {on}: den er {state}."


# --- In words and as export ---------------------------------------------------------------------------------


def title(reply: Reply) -> str:
    """The question as a sentence; the page's heading."""
    if not reply.chosen:
        return "Konsekvens"
    who = names(reply.chosen)
    while_down = f", mens {names(reply.down)} er nede" if reply.down else ""
    if reply.is_upstream:
        return f"Hvad hviler {who} på{while_down}?"
    return f"Hvad rammes, hvis {who} svigter{while_down}?"


def headline(reply: Reply) -> list[str]:
    """The answer in sentences, most important first. Counts everything that is hit, shown or not."""
    if not reply.failed:
        return ["Der er intet svar, for det valgte er ikke i drift den dag."] if reply.idle else []
    totals = reply.totals
    systems, components = (
        [totals.get((is_system, level), 0) for level in sorted(WORDS, reverse=True)]
        for is_system in (True, False)
    )
    if reply.is_upstream:
        return _leaned_on(reply, systems, components)
    verbs = ("stopper", "virker dårligere", "mærker det lidt")
    found = [_stopped(reply)] if reply.stopped else []
    parts = [(n, verb) for n, verb in zip(systems, verbs, strict=True) if n]
    more = bool(reply.down)
    if parts:
        (n, verb), *others = parts
        text = [f"{_further(n, 'fagsystem', 'fagsystemer', more)} {verb}"]
        text += [f"{formats.plain(n)} {verb}" for n, verb in others]
        found.append(f"{text[0]}." if not others else f"{', '.join(text[:-1])}, og {text[-1]}.")
    elif any(components):
        found.append("Ingen flere fagsystemer rammes." if more else "Ingen fagsystemer rammes.")
    else:
        found.append("Ingen flere rammes." if more else "Ingen andre rammes.")
    if any(components):
        found.append(f"Undervejs rammes {_further(sum(components), 'komponent', 'komponenter', more)}.")
    if reply.reduced:
        sources = {row.facts.key for row in reply.reduced}
        found.append(f"{formats.plain(len(sources))} har mistet en reserve.")
    before = sum(row.facts.is_system for row in reply.unchanged)
    if before:
        found.append(f"{counted(before, 'fagsystem', 'fagsystemer')} var ramt i forvejen.")
    if reply.spared and (parts or any(components) or before):
        found.append(f"{counted(reply.spared, 'fagsystem', 'fagsystemer')} mærker det ikke.")
    return found


def _further(number: int, one: str, many: str, more: bool) -> str:
    """2 fagsystemer; on top of others 2 flere fagsystemer, 1 fagsystem mere"""
    if not more:
        return counted(number, one, many)
    return f"1 {one} mere" if number == 1 else f"{formats.plain(number)} flere {many}"


def _stopped(reply: Reply) -> str:
    return f"{names(reply.stopped)} stopper allerede, fordi {names(reply.down)} er nede."


def _leaned_on(reply: Reply, systems: Sequence[int], components: Sequence[int]) -> list[str]:
    found = [_stopped(reply)] if reply.stopped else []
    standing = [facts for facts in reply.failed if facts not in reply.stopped]
    if not standing:
        return found
    who = names(standing)
    if not any(systems) and not any(components):
        nothing = f"{who} hviler ikke på noget, der er skrevet ind."
        spared = f"Svigter en enkelt, mærker {who} det ikke: alt har reserve."
        return [*found, spared if reply.reserves else nothing]
    kinds = [
        counted(sum(components), "komponent", "komponenter") if any(components) else "",
        counted(sum(systems), "fagsystem", "fagsystemer") if any(systems) else "",
    ]
    by_level = [c + s for c, s in zip(components, systems, strict=True)]
    effects = [
        f"{formats.plain(n)} {words}"
        for n, words in zip(
            by_level, ("kan stoppe", "kan give dårligere drift", "kan mærkes lidt"), strict=True
        )
        if n
    ]
    return [
        *found,
        f"{who} hviler på {' og '.join(filter(None, kinds))}.",
        f"Svigter en af dem alene: {_listed(effects)}.",
    ]


def headline_before(rows: Sequence[Row]) -> str:
    """What a selection of those hit already says: 36 fagsystemer og 8 komponenter er ramt i forvejen."""
    systems = sum(row.facts.is_system for row in rows)
    components = len(rows) - systems
    kinds = [
        counted(systems, "fagsystem", "fagsystemer") if systems else "",
        counted(components, "komponent", "komponenter") if components else "",
    ]
    return f"{' og '.join(filter(None, kinds))} er ramt i forvejen."


def counted(number: int, one: str, many: str) -> str:
    """1 komponent, 1.200 komponenter"""
    return f"{formats.plain(number)} {one if number == 1 else many}"


def names(assets: Sequence[Facts]) -> str:
    """Up to three names; of more the first two, and how many others."""
    found = [facts.name for facts in assets]
    return _listed(found if len(found) <= 3 else [*found[:2], f"{len(found) - 2} andre"])


def _listed(words: Sequence[str], last: str = "og") -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def export_row(row: Row) -> dict[str, Any]:
    """A row by the names in EXPORTED. ``department`` is the organisation's code, ``path`` codes joined by " > "."""
    return {
        "code": row.facts.code,
        "name": row.facts.name,
        "kind": row.facts.kind,
        "department": row.department.code if row.department else "",
        "severity": VALUES[row.severity],
        "distance": row.distance,
        "path": " > ".join(facts.code for facts in row.path),
    }


def export_rows(reply: Reply) -> list[dict[str, Any]]:
    """All rows shown by the question, as scripts read them."""
    return [export_row(row) for row in reply.rows]


__all__ = [
    "EXPORTED",
    "VALUES",
    "WORDS",
    "Question",
    "ReducedRow",
    "Reply",
    "Reserve",
    "Row",
    "ask",
    "counted",
    "export_row",
    "export_rows",
    "headline",
    "headline_before",
    "names",
    "title",
]
