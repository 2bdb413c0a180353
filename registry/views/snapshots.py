"""Saved answers of the impact analysis: kept as they were, and compared with today's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from foi_portal.core import history
from foi_portal.ui import export, views
from registry import impact, snapshots
from registry.filters import SnapshotFilter
from registry.forms import SnapshotForm
from registry.impact import EXPORTED, WORDS, Question, Reply
from registry.landscape import CAPS, Landscape
from registry.models import ImpactSnapshot, Kind
from registry.rights import may_correct_snapshot
from registry.snapshots import AnswerRow, Comparison, Place
from registry.tables import SNAPSHOT_COLUMNS

SHOWN = 100  # rows of a severity, or differences, on the page; the rest is counted and in the export


class SnapshotView(views.ModelView):
    """Saved answers. Besides the right to change all of them, having asked counts."""

    model = ImpactSnapshot
    url_base = "snapshot"
    lookup = "pk"
    create_label = "Gem svaret"

    def get_object(self, action: str | None = None) -> Any:
        obj = super().get_object("view")
        if (action or self.action) != "view" and not may_correct_snapshot(self.request.user, obj):
            raise PermissionDenied
        return obj

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if "may_change" in context:
            context["may_change"] = may_correct_snapshot(self.request.user, context["object"])
        return super().page({"section": "impact", **context}, status)


class SnapshotList(SnapshotView, views.ListView):
    template_name = "registry/snapshot_list.html"
    columns = SNAPSHOT_COLUMNS
    filterset_class = SnapshotFilter
    default_sort = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset().annotate(hits=snapshots.Rows("answer"))
        return rows

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page(
            context | {"create_url": ""}, status
        )  # one is made from an answer, not from nothing


@dataclass(frozen=True)
class Line:
    """A saved row, or how one differs from today's, as the table shows it.

    ``url`` is empty when the asset is gone. ``was`` and ``now`` are a severity with its word, None where it is not hit.
    """

    name: str
    url: str
    note: str
    kind: str
    home: str
    was: tuple[str, str] | None = None
    now: tuple[str, str] | None = None
    distance: int | None = None
    path: str = ""
    change: str = ""
    css: str = ""


@dataclass(frozen=True)
class Group:
    """The saved rows of one severity, those that are shown."""

    value: str
    word: str
    count: int
    lines: list[Line]

    @property
    def rest(self) -> int:
        return self.count - len(self.lines)


class SnapshotDetail(SnapshotView, views.DetailView):
    template_name = "registry/snapshot_detail.html"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("asked_by")

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is None:
            return super().get(request, **kwargs)
        return self.exported(writer, self.get_object())

    def exported(self, writer: Any, obj: ImpactSnapshot) -> HttpResponseBase:
        """The rows as they were saved, by the names of the page's own export."""
        rows = snapshots.saved(obj.answer).rows
        answer: HttpResponseBase = writer(
            f"gemt-svar-{obj.pk}", EXPORTED, ([row[name] for name in EXPORTED] for row in rows)
        )
        return answer

    def get_context(self, obj: ImpactSnapshot) -> dict[str, Any]:
        saved = snapshots.saved(obj.answer)
        compared = snapshots.compare(obj, saved.rows)
        question = snapshots.asked(obj)
        alone = len(question.assets) + len(question.down) == 1
        reader = _Reader(compared.reply.landscape, snapshots.places(saved.rows), alone)
        return {
            "tab": "overview",
            "rows": len(saved.rows),
            "spoiled": saved.spoiled,
            "groups": [group for group in reader.groups(saved.rows) if group.count],
            "asked": reader.question(question, compared),
            "question": question,
            "limits": _limits(question),
            "ask_url": f"{reverse('impact')}?{compared.reply.question.query()}",
            "then_url": f"{reverse('impact')}?{question.query()}",
            "compared": compared,
            "today": compared.reply.question.on,
            "renamed": compared.renamed.items(),
            **reader.differences(compared),
        }


class _Reader:
    """Makes lines of rows, with names and addresses as they are now. ``alone``: only one asset was asked about."""

    def __init__(self, land: Landscape, places: Mapping[int | str, Place], alone: bool) -> None:
        self.land = land
        self.places = places
        self.alone = alone
        self.owners = {owner.code: owner.name for owner in land.organisations.values()}

    def name(self, code: str) -> str:
        key = self.land.by_code.get(code)
        return self.land.assets[key].name if key is not None else code

    def line(self, row: AnswerRow, **more: Any) -> Line:
        place = self.places.get(row["key"] or row["code"])
        note = ""
        if place is None:
            note = "findes ikke mere"
        elif place.archived:
            note = "arkiveret"
        elif place.code != row["code"]:
            note = f"har nu koden {place.code}"
        return Line(
            name=row["name"] or row["code"],
            url=reverse(f"{place.kind}-detail", args=[place.code]) if place else "",
            note=note,
            kind=dict(Kind.choices).get(row["kind"], ""),
            home=self.owners.get(row["department"]) or str(row["department"]),
            distance=row["distance"],
            path=self.why(row["path"]),
            **more,
        )

    def why(self, path: str) -> str:
        """The because-path by names, nearest first, without its ends when these are the row and the one asked about."""
        steps = [self.name(code) for code in reversed(path.split(" > ")) if code][1:]
        if self.alone and steps:
            steps = steps[:-1] or ["direkte"]
        return " › ".join(steps)

    def groups(self, rows: Iterable[AnswerRow]) -> list[Group]:
        """The rows by severity, fagsystemer first."""
        found: dict[str, list[AnswerRow]] = {value: [] for value in CAPS}
        for row in sorted(rows, key=lambda row: row["kind"] != Kind.SYSTEM):
            found[row["severity"]].append(row)
        return [
            Group(value, WORDS[CAPS[value]], len(those), [self.line(row) for row in those[:SHOWN]])
            for value, those in found.items()
        ]

    def question(self, question: Question, compared: Comparison) -> str:
        """The question in words, with the names that the assets have now."""
        chosen, down = (
            [self.name(compared.renamed.get(code, code)) for code in codes]
            for codes in (question.assets, question.down)
        )
        while_down = f", mens {_few(down)} er nede" if down else ""
        if question.is_upstream:
            return f"Hvad hviler {_few(chosen)} på{while_down}?"
        return f"Hvad rammes, hvis {_few(chosen)} svigter{while_down}?"

    def differences(self, compared: Comparison) -> dict[str, Any]:
        """One table of all that differs, and its counts as a sentence."""
        difference = compared.difference
        if difference is None:
            return {}
        new_places = snapshots.places(difference.new)
        self.places = {**self.places, **new_places}
        lines = [
            *(
                self.line(row, now=_severity(row), change="Kommet til", css="badge-warning")
                for row in difference.new
            ),
            *(
                self.line(
                    was, was=_severity(was), now=_severity(now), change="Hårdere ramt", css="badge-error"
                )
                for was, now in difference.harder
            ),
            *(
                self.line(
                    was, was=_severity(was), now=_severity(now), change="Mildere ramt", css="badge-info"
                )
                for was, now in difference.milder
            ),
            *(self.line(row, was=_severity(row), change="Væk", css="badge-info") for row in difference.gone),
        ]
        return {
            "differences": lines[:SHOWN],
            "differences_rest": len(lines) - SHOWN,
            "summary": _summary(
                (len(difference.new), "er kommet til"),
                (len(difference.gone), "er væk"),
                (len(difference.harder), "er hårdere ramt"),
                (len(difference.milder), "er mildere ramt"),
            ),
            "same": difference.same,
        }


def _severity(row: AnswerRow) -> tuple[str, str]:
    return row["severity"], WORDS[CAPS[row["severity"]]]


def _summary(*counts: tuple[int, str]) -> str:
    """ "2 er kommet til, 1 er væk, 3 er hårdere ramt"; empty when nothing differs."""
    return ", ".join(f"{n} {words}" for n, words in counts if n)


def _few(names: Sequence[str]) -> str:
    """Up to three names; of more the first two, and how many others."""
    shown = [*names] if len(names) <= 3 else [*names[:2], f"{len(names) - 2} andre"]
    return " og ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _limits(question: Question) -> str:
    """What the question left out, as words; empty when nothing."""
    limits = []
    if question.depth is not None:
        limits.append(f"højst {question.depth} skridt væk")
    if question.least > min(WORDS):
        limits.append(f"mindst «{WORDS[question.least].lower()}»")
    return " og ".join(limits)


class SnapshotForms(SnapshotView, views.FormView):
    form_class = SnapshotForm
    wide = ("title", "note")
    fieldsets = (("Om svaret", ("title", "note")),)


class SnapshotCreate(SnapshotForms, views.CreateView):
    """The question is in the address's query, as on the impact page; what is saved is its answer now."""

    template_name = "registry/snapshot_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer_page(SnapshotForm(initial={"title": snapshots.title_for(self.reply)}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SnapshotForm(request.POST)
        if not form.is_valid() or snapshots.why_not(self.reply):
            return self.answer_page(form, status=422)
        obj = self.save(form)
        messages.success(request, f"{obj} er gemt.")
        return HttpResponseRedirect(self.after(obj))

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._reply: Reply | None = None

    @property
    def reply(self) -> Reply:
        """The answer to the address's question; asked once, and not before the rights have been."""
        if self._reply is None:
            self._reply = impact.ask(Question.parse(self.request.GET))
        return self._reply

    def answer_page(self, form: SnapshotForm, status: int = 200) -> HttpResponse:
        reply = self.reply
        return self.page(
            {
                "form": form,
                "object": None,
                "groups": self.groups(form),
                "reason": self.request.POST.get("reason", ""),
                "reply": reply,
                "question_words": impact.title(reply),
                "headline": " ".join(impact.headline(reply)),
                "why_not": snapshots.why_not(reply),
                "cancel_url": f"{reverse('impact')}?{reply.question.query()}",
            },
            status,
        )

    def save(self, form: Any) -> Any:
        reply = self.reply
        form.instance.question = reply.question.query()
        form.instance.asked_on = reply.question.on
        form.instance.asked_by = self.request.user
        form.instance.answer = snapshots.answer_of(reply)
        with history.recording(reason=self.request.POST.get("reason", "")):
            return form.save()


class SnapshotUpdate(SnapshotForms, views.UpdateView):
    """Title and note."""


class SnapshotArchive(SnapshotView, views.ArchiveView):
    pass


class SnapshotRestore(SnapshotArchive):
    restore = True


class SnapshotHistory(SnapshotView, views.HistoryView):
    pass
