"""``/konsekvens/``: who is hit when something fails, and what one leans on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views import View

from foi_portal.core.danish import sort_key
from foi_portal.core.permissions import may
from foi_portal.ui import export, formats, panels
from foi_portal.ui.forms import DateField, shorten
from foi_portal.ui.tables import label, link
from foi_portal.ui.views import paginate
from registry import impact, past, queries
from registry.forms import assets
from registry.graph import Severity
from registry.impact import EXPORTED, VALUES, WORDS, Question, Reply, Row
from registry.landscape import Facts, Landscape, Source
from registry.models import Component, ComponentType, Criticality, Importance, System
from registry.views.impact_dates import compared
from registry.views.pictures import figure_of

LEVELS = tuple(sorted(WORDS, reverse=True))
FIRST_MAIN, FIRST_BESIDE = (
    50,
    10,
)  # rows of a group before «Vis alle»: of what is asked for, and of what lies between
PAGE = 100  # rows of a group on a page of its own
WHOLE_CHAIN, CHAIN_ENDS = 8, 3  # steps of a because-path that are shown; of longer ones only the ends
MOST_BESIDE = 30  # lines of a table or list beside the answer
SUGGESTIONS = 8
UNCHANGED = "unchanged"
CHEVRON = ' <span class="mute" aria-hidden="true">›</span> '
NOWHERE = "ingen"  # no code is in lower case


class AskForm(forms.Form):
    """The form as it is shown; ``Question.parse`` reads what it sends."""

    asset = assets(label="Komponent eller fagsystem", required=False, help_text="")
    retning = forms.ChoiceField(
        label="Spørgsmål",
        choices=[("ned", "Hvem rammes, hvis den svigter?"), ("op", "Hvad hviler den på?")],
        required=False,
    )
    dato = DateField(label="Dato", required=False)
    nede = assets(label="Allerede nede", required=False, help_text="Det, der er nede i forvejen.")
    dybde = forms.ChoiceField(
        label="Hvor langt væk", required=False, help_text="Én afhængighed er ét skridt."
    )
    betydning = forms.ChoiceField(
        label="Hvor hårdt",
        choices=[
            ("", "Alt, der mærkes"),
            (Importance.DEGRADED.value, "Stopper eller virker dårligere"),
            (Importance.CRITICAL.value, "Kun det, der stopper"),
        ],
        required=False,
    )

    often = ("asset", "retning", "dato")
    seldom = ("nede", "dybde", "betydning")

    def __init__(self, reply: Reply, asked: Question) -> None:
        """``asked`` is the question as it was typed: what could not be found in it can be corrected where it stands."""
        question = reply.question
        remembered = "" if reply.chosen else ", ".join(question.down)
        self.down_shown = _left_over(asked.down, reply) or remembered
        self.keeps_down = (
            self.down_shown != remembered or not remembered
        )  # in hidden fields, not in the visible one
        super().__init__(
            initial={
                "asset": _left_over(asked.assets, reply),
                "retning": question.direction,
                "dato": question.on,
                "nede": self.down_shown,
                "dybde": question.depth or "",
                "betydning": VALUES[question.least] if question.least is not Severity.MINOR else "",
            }
        )
        steps = sorted({*range(1, 7), *([question.depth] if question.depth else [])})
        choices = [("", "Hele vejen"), *((n, f"Højst {n} skridt") for n in steps)]
        self.fields["dybde"].choices = choices  # type: ignore[attr-defined]
        if reply.chosen:
            self.fields["asset"].label = "Tilføj én mere"

    @property
    def often_fields(self) -> list[Any]:
        return [self[name] for name in self.often]

    @property
    def seldom_fields(self) -> list[Any]:
        return [self[name] for name in self.seldom]

    @property
    def seldom_used(self) -> bool:
        return any(self.initial[name] for name in self.seldom)


def _left_over(texts: Sequence[str], reply: Reply) -> str:
    return ", ".join(text for text in texts if text in reply.unknown)


@dataclass(frozen=True)
class Choice:
    """What part of the rows is looked at: a department, a platform, one group. It is no part of the question."""

    department: str = ""
    platform: str = ""
    group: str = ""

    @classmethod
    def read(cls, params: QueryDict) -> Choice:
        """``?forvaltning=&platform=&vis=``; codes in any case."""
        department = params.get("forvaltning", "").strip()
        return cls(
            department if department == NOWHERE else department.upper(),
            params.get("platform", "").strip().upper(),
            params.get("vis", "").strip(),
        )

    def url(self, question: Question) -> str:
        parts = QueryDict(question.query(), mutable=True)
        for name, value in (
            ("forvaltning", self.department),
            ("platform", self.platform),
            ("vis", self.group),
        ):
            if value:
                parts[name] = value
        return f"{reverse('impact')}?{parts.urlencode()}"

    def rows(self, reply: Reply) -> list[Row]:
        rows: Sequence[Row] = reply.unchanged if self.group == UNCHANGED else reply.rows
        return [row for row in rows if self._has(row, reply)]

    def _has(self, row: Row, reply: Reply) -> bool:
        if self.group not in ("", UNCHANGED) and self.group != _group_key(row):
            return False
        if self.department and (not row.facts.is_system or self.department != _department_key(row)):
            return False
        return not self.platform or (not row.facts.is_system and self.platform == _platform_code(row, reply))


def _group_key(row: Row) -> str:
    return f"{row.facts.kind}-{VALUES[row.severity]}"


def _department_key(row: Row) -> str:
    return row.department.code if row.department else NOWHERE


def _platform_code(row: Row, reply: Reply) -> str:
    return reply.landscape.code(reply.landscape.platform(row.facts.key))


@dataclass(frozen=True)
class Line:
    """A row as the table shows it. ``why``: the because-path as links, HTML."""

    row: Row
    url: str
    why: SafeString

    @property
    def home(self) -> str:
        """A fagsystem's department, a component's type."""
        if self.row.facts.is_system:
            return self.row.department.name if self.row.department else ""
        return label(ComponentType, self.row.facts.component_type)


@dataclass(frozen=True)
class Group:
    """Rows of one kind and severity: the first of them, how many there are, and the address of them all."""

    severity: Severity
    lines: list[Line]
    count: int
    noun: str
    effect: str  # upstream: what these do to what was asked about
    all_url: str

    @property
    def word(self) -> str:
        return WORDS[self.severity]

    @property
    def value(self) -> str:
        return VALUES[self.severity]


@dataclass(frozen=True)
class Section:
    """The table of one kind of asset."""

    kind: Literal["system", "component"]
    title: str
    groups: list[Group]

    @property
    def is_system(self) -> bool:
        return self.kind == "system"


@dataclass(frozen=True)
class Tally:
    """A department's fagsystemer that are hit: by severity a count and the address of them, and its bar's widths."""

    name: str
    url: str
    cells: list[tuple[str, int, str]]
    running: int
    bars: list[tuple[str, str]]


class ImpactPage(View):
    """Form, answer and export on one address. Whoever may read the registry may ask."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not (may(request.user, "view", Component) and may(request.user, "view", System)):
            raise PermissionDenied
        asked = Question.parse(request.GET)
        reply = impact.ask(asked)
        choice = Choice.read(request.GET)
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            rows = map(impact.export_row, choice.rows(reply))
            return writer("konsekvens", EXPORTED, ([row[name] for name in EXPORTED] for row in rows))
        context = {
            "section": "impact",
            "title": impact.title(reply),
            "reply": reply,
            "question": reply.question,
            "query": reply.question.query(),
            "form": AskForm(reply, asked),
            "chosen_tags": _chosen_tags(reply),
            "when": _when(reply),
            "meant": _meant(reply, asked),
            "remembered": impact.names(reply.down) if not reply.chosen else "",
        }
        if reply.chosen:
            context |= _answer(request, reply, choice)
        else:
            context |= _invitation(reply.landscape)
        return render(request, "registry/impact.html", context)


# --- The parts of an answer ---------------------------------------------------------------------------------


def _answer(request: HttpRequest, reply: Reply, choice: Choice) -> dict[str, Any]:
    rows = choice.rows(reply)
    if choice.group == UNCHANGED and rows:
        first, more = impact.headline_before(rows), []
    else:
        first, *more = impact.headline(reply)
    is_unit = may(request.user, "change", Component)
    standing = [facts for facts in reply.failed if facts not in reply.stopped]
    context: dict[str, Any] = {
        "headline": first,
        "more": more,
        "chosen": [_described(facts) for facts in reply.chosen[:SUGGESTIONS]],
        "chosen_rest": len(reply.chosen) - SUGGESTIONS,
        "choice": choice,
        "choice_tags": _choice_tags(reply, choice),
        "view_url": choice.url(reply.question),
        "whole_url": Choice().url(reply.question),
        "hidden": _hidden(reply),
        "empty": "" if rows else _empty(reply, choice),
        "unchanged_url": Choice(group=UNCHANGED).url(reply.question) if reply.unchanged else "",
        "without_down_url": f"?{reply.question.query(down=())}" if reply.stopped else "",
        "reserves": [_reserve(row) for row in reply.reserves[:MOST_BESIDE]],
        "reserves_rest": len(reply.reserves) - MOST_BESIDE,
        "one_asked": len(standing) == 1,
        "mailto": _mailto(reply),
        "is_unit": is_unit,
        "can_tell": is_unit or bool(settings.FOI_EMAIL),
        "reduced": [_reduced(row, reply) for row in reply.reduced[:MOST_BESIDE]],
        "reduced_rest": len(reply.reduced) - MOST_BESIDE,
        "tallies": _tallies(reply),
        "platforms": _platforms(reply),
        "compare": compared(request.GET, reply) if reply.failed else None,
        "panels": panels.panels_on("impact", request, reply),
        "figure": figure_of(reply) if reply.rows and choice == Choice() else None,
        "levels": [(WORDS[level], VALUES[level]) for level in _levels(reply)],
    }
    if choice.group:
        page = paginate(rows, request.GET, PAGE)
        context |= {"page": page, "sections": _sections(list(page.object_list), reply, choice, rows)}
    else:
        context |= {"sections": _sections(rows, reply, choice)}
    return context


def _sections(
    rows: Sequence[Row], reply: Reply, choice: Choice, whole: Sequence[Row] | None = None
) -> list[Section]:
    """The rows by kind and severity; ``whole`` is all there are when ``rows`` are one page of them."""
    counts = Counter(map(_group_key, rows if whole is None else whole))
    by_group: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_group[_group_key(row)].append(row)
    titles: list[tuple[Literal["system", "component"], str]] = [
        ("system", "Berørte fagsystemer"),
        ("component", "Komponenter undervejs"),
    ]
    if reply.is_upstream:
        titles = [("component", "Komponenter"), ("system", "Andre fagsystemer")]
    sections = []
    for at, (kind, title) in enumerate(titles):
        groups = []
        for level in LEVELS:
            found = by_group[f"{kind}-{VALUES[level]}"]
            count = counts[f"{kind}-{VALUES[level]}"]
            first = PAGE if whole else (FIRST_BESIDE if at and not reply.is_upstream else FIRST_MAIN)
            if found:
                noun = {"system": ("fagsystem", "fagsystemer"), "component": ("komponent", "komponenter")}
                group = Choice(choice.department, choice.platform, f"{kind}-{VALUES[level]}")
                groups.append(
                    Group(
                        level,
                        [_line(row, reply, bool(whole)) for row in found[:first]],
                        count,
                        noun[kind][count != 1],
                        _effect(level, reply) if reply.is_upstream else "",
                        group.url(reply.question) if count > first and not whole else "",
                    )
                )
        if groups:
            sections.append(Section(kind, title, groups))
    return sections


def _effect(level: Severity, reply: Reply) -> str:
    whom = "den" if len(reply.chosen) == 1 else "en af de valgte"
    return {
        Severity.CRITICAL: f"der hver for sig kan stoppe {whom}",
        Severity.DEGRADED: f"der hver for sig kan få {whom} til at virke dårligere",
        Severity.MINOR: "der hver for sig kan mærkes lidt",
    }[level]


def _url(facts: Facts) -> str:
    return reverse(f"{facts.kind}-detail", args=[facts.code])


def _line(row: Row, reply: Reply, whole_chain: bool) -> Line:
    return Line(row, _url(row.facts), _why(row, reply, whole_chain))


def _why(row: Row, reply: Reply, whole: bool) -> SafeString:
    """The because-path as links, nearest first. The one end is the row itself; the other is left out when it can
    only be one asset, unless nothing would be left. Being part of something is said, using it is not."""
    if reply.is_upstream:
        start, *steps = reversed(row.path)
        shown = steps[:-1]
        if len(reply.chosen) > 1:
            shown = [start, *shown]
    else:
        start, *steps = reversed(row.path)
        shown = steps[:-1] if len(steps) > 1 and len(reply.failed) + len(reply.down) == 1 else steps
    if not shown:
        return mark_safe('<span class="mute">direkte</span>')
    chain = []
    for facts, before in zip(shown, [start, *shown], strict=False):
        relation = ""
        if before.parent == facts.key:
            relation = "del af "
        elif facts.parent == before.key:
            relation = "delen "
        chain.append(format_html("{}{}", relation, link(_url(facts), facts.name)))
    if not whole and len(chain) > WHOLE_CHAIN:
        between = len(chain) - 2 * CHAIN_ENDS
        middle = format_html('<span class="mute">… {} led …</span>', between)
        chain = [*chain[:CHAIN_ENDS], middle, *chain[-CHAIN_ENDS:]]
    return mark_safe(CHEVRON.join(chain))  # noqa: S308 - each is made by format_html


def _described(facts: Facts) -> dict[str, str]:
    kind = "Fagsystem" if facts.is_system else label(ComponentType, facts.component_type) or "Komponent"
    criticality = (
        f"kritikalitet {facts.criticality} af 4" if facts.criticality else "kritikalitet ikke vurderet"
    )
    return {
        "url": _url(facts),
        "name": facts.name,
        "code": facts.code,
        "text": f"{kind.lower()}, {criticality}",
    }


def _hidden(reply: Reply) -> list[tuple[str, str]]:
    """What the question's own limits keep out of sight, each with the address that shows it too."""
    question = reply.question
    steps = impact.counted(question.depth or 0, "skridt", "skridt")
    mild = f"rammes mildere end «{WORDS[question.least].lower()}»"
    lines = [
        (reply.hidden_far, f"ligger længere væk end {steps}", question.query(depth=None)),
        (reply.hidden_mild, mild, question.query(least=Severity.MINOR)),
        (
            reply.hidden_both,
            f"ligger længere væk end {steps} og {mild}",
            question.query(depth=None, least=Severity.MINOR),
        ),
    ]
    return [(f"{formats.plain(n)} flere {text}.", f"?{query}") for n, text, query in lines if n]


def _empty(reply: Reply, choice: Choice) -> str:
    """Why there are no rows. Empty when the notices above have said it."""
    if not reply.failed:
        return ""
    names = impact.names(reply.failed)
    if choice == Choice() and reply.is_upstream and (reply.stopped or reply.reserves):
        return ""
    reasons = (
        (choice != Choice(), "Intet i svaret passer til det valgte udsnit."),
        (reply.hidden, "Alt, der rammes, er skjult af de valgte grænser."),
        (reply.unchanged, f"Intet bliver værre: det, {names} rammer, er allerede ramt lige så hårdt."),
        (reply.reduced, f"Ingen rammes: alle, der bruger {names}, har en anden vej, der virker."),
        (reply.is_upstream, f"{names} er ikke skrevet ind som bruger af noget, der er i drift den dag."),
        (True, f"Ingen bruger {names}: intet i drift er skrevet ind som bruger eller som en del af den."),
    )
    return next(text for holds, text in reasons if holds)


def _reduced(row: impact.ReducedRow, reply: Reply) -> dict[str, Any]:
    hit = {found.key: found.severity for found in reply.answer.hits}
    return {
        "row": row,
        "url": _url(row.facts),
        "lost": [
            (facts.name, _url(facts), WORDS[hit[facts.key]].lower() if facts.key in hit else "svigter")
            for facts in row.lost
        ],
    }


def _reserve(row: impact.Reserve) -> dict[str, Any]:
    return {
        "row": row,
        "url": _url(row.facts),
        "members": [(facts.name, _url(facts)) for facts in row.members],
    }


def _mailto(reply: Reply) -> str:
    """The address of a letter to the unit that holds the answer and where it is found; empty without a unit."""
    if not settings.FOI_EMAIL:
        return ""
    address = f"{settings.SITE_URL}{Choice().url(reply.question)}"
    body = f"{' '.join(impact.headline(reply))}\r\n\r\n{address}\r\n"
    letter = urlencode({"subject": impact.title(reply), "body": body}, quote_via=quote)
    return f"mailto:{settings.FOI_EMAIL}?{letter}"


def _levels(reply: Reply) -> list[Severity]:
    """The severities that any fagsystem in sight is hit by; always the two hardest, so that tables look alike."""
    seen = {row.severity for row in reply.rows if row.facts.is_system}
    return [level for level in LEVELS if level > Severity.MINOR or level in seen]


def _tallies(reply: Reply) -> dict[str, Any]:
    """The fagsystemer in sight per department and severity, the hardest hit first."""
    counts: dict[str, Counter[Severity]] = defaultdict(Counter)
    names = {NOWHERE: "Uden forvaltning"}
    for row in reply.rows:
        if row.facts.is_system:
            key = _department_key(row)
            counts[key][row.severity] += 1
            names.setdefault(key, row.department.name if row.department else "")
    land = reply.landscape
    running: Counter[str] = Counter()
    for node in land.graph.nodes:
        if node.is_system:
            department = land.assets[node.key].department
            owner = land.organisations.get(department) if department is not None else None
            running[owner.code if owner else NOWHERE] += 1
    ordered = sorted(
        counts, key=lambda key: ([-counts[key][level] for level in LEVELS], sort_key(names[key]), key)
    )
    widest = max((running[key] for key in counts), default=1)
    levels = _levels(reply)
    tallies = [
        Tally(
            names[key],
            Choice(key).url(reply.question),
            [
                (
                    WORDS[level],
                    counts[key][level],
                    Choice(key, group=f"system-{VALUES[level]}").url(reply.question),
                )
                for level in levels
            ],
            running[key],
            _bars(counts[key], running[key], widest),
        )
        for key in ordered[:MOST_BESIDE]
    ]
    return {
        "rows": tallies,
        "rest": len(ordered) - len(tallies),
        "spared": len(running.keys() - counts.keys()),
    }


def _bars(counts: Counter[Severity], running: int, widest: int) -> list[tuple[str, str]]:
    """The rectangles of a bar on a scale to 100, each drawn over the one before: all, minor or harder, and so on."""
    sums = [running]
    for level in sorted(LEVELS):
        sums.append(sum(n for at, n in counts.items() if at >= level))
    names = ("rest", "minor", "worse", "stops")
    return [(name, f"{100 * n / widest:.1f}") for name, n in zip(names, sums, strict=True) if n]


def _platforms(reply: Reply) -> dict[str, Any]:
    """The components in sight by platform, those with most first."""
    counts = Counter(_platform_code(row, reply) for row in reply.rows if not row.facts.is_system)
    land = reply.landscape
    rows = [
        {
            "name": land.assets[land.by_code[code]].name,
            "url": Choice(platform=code).url(reply.question),
            "text": impact.counted(n, "komponent", "komponenter"),
        }
        for code, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return {"rows": rows[:MOST_BESIDE], "rest": len(rows) - MOST_BESIDE}


# --- What stands above the answer ---------------------------------------------------------------------------


def _meant(reply: Reply, asked: Question) -> list[dict[str, Any]]:
    """For what was not found: what it may have meant, each with the address of the question with that in its place."""
    question = reply.question
    found = []
    for text, assets_meant in reply.meant.items():
        links = []
        for facts in assets_meant:
            if text in asked.assets:
                query = question.query(assets=(*question.assets, facts.code))
            else:
                query = question.query(down=(*question.down, facts.code))
            links.append({"url": f"?{query}", "code": facts.code, "name": facts.name})
        found.append({"text": shorten(text), "links": links})
    return found


def _chosen_tags(reply: Reply) -> list[dict[str, str]]:
    """What the question has chosen, each with the address of the question without it."""
    question = reply.question
    tags = []
    for facts in reply.chosen:
        rest = tuple(code for code in question.assets if code != facts.code)
        what = "Om" if reply.is_upstream else "Svigter"
        tags.append({"label": what, "value": facts.name, "url": f"?{question.query(assets=rest)}"})
    for facts in reply.down:
        rest = tuple(code for code in question.down if code != facts.code)
        tags.append({"label": "Allerede nede", "value": facts.name, "url": f"?{question.query(down=rest)}"})
    return tags


def _choice_tags(reply: Reply, choice: Choice) -> list[dict[str, str]]:
    """The part that is looked at, each with the address without it."""
    land = reply.landscape
    tags = []
    if choice.department:
        owners = {owner.code: owner.name for owner in land.organisations.values()}
        known = "Uden forvaltning" if choice.department == NOWHERE else owners.get(choice.department)
        url = Choice("", choice.platform, choice.group).url(reply.question)
        tags.append({"label": "Forvaltning", "value": known or _unknown(choice.department), "url": url})
    if choice.platform:
        key = land.by_code.get(choice.platform)
        known = land.assets[key].name if key is not None else None
        url = Choice(choice.department, "", choice.group).url(reply.question)
        tags.append({"label": "Platform", "value": known or _unknown(choice.platform), "url": url})
    if choice.group:
        url = Choice(choice.department, choice.platform).url(reply.question)
        tags.append({"label": "Kun", "value": _group_words(choice.group), "url": url})
    return tags


def _unknown(text: str) -> str:
    return f"{shorten(text)} (kendes ikke)"


def _group_words(group: str) -> str:
    if group == UNCHANGED:
        return "allerede ramt lige så hårdt"
    kind, _, value = group.partition("-")
    nouns = {"system": "fagsystemer", "component": "komponenter"}
    if kind not in nouns or value not in VALUES.values():
        return _unknown(group)
    return f"{nouns[kind]}, {Importance(value).label.lower()}"


def _when(reply: Reply) -> tuple[str, str] | None:
    """What must be known about the day: how loud it is said, and the words."""
    land = reply.landscape
    on = formats.date(land.on)
    if land.source is Source.HISTORY:
        return "info", f"Svaret er for den {on}, som registret så ud, da dagen var slut."
    if land.source is Source.PERIODS:
        first = past.first_day()
        begins = (
            f"Historikken begynder først den {formats.date(first)}."
            if first
            else "Der er ingen historik endnu."
        )
        return "warning", (
            f"{begins} Svaret for den {on} bygger derfor på det, der står i registret i dag, "
            "og på datoerne ved det (i drift fra, siden og til)."
        )
    if land.on > timezone.localdate():
        return "info", f"Svaret er for den {on} og bygger på det, der står i registret i dag."
    return None


def _invitation(land: Landscape) -> dict[str, Any]:
    """What there is to ask about, when nothing is chosen."""
    important = [
        facts
        for facts in land.assets.values()
        if facts.is_system and facts.criticality == Criticality.CRITICAL
    ]
    important.sort(key=lambda facts: (sort_key(facts.name), facts.code))
    return {
        "most_used": queries.most_used(SUGGESTIONS),
        "important": [
            {"name": facts.name, "url": f"?{Question((facts.code,), 'op').query()}"}
            for facts in [facts for facts in important if facts.key in land.graph][:SUGGESTIONS]
        ],
        "important_count": len(important),
    }
