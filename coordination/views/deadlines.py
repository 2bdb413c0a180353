"""``/udloeb/``: every date that matters, as list and as timeline; and taking note of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from coordination import deadlines, timeline, timeline_drawing
from coordination.deadlines import NOBODY, RESTING, RESTING_LABEL, URGENCY_LABELS, Board, Item
from coordination.forms.deadlines import AcknowledgementForm, DeadlineForm
from coordination.models import Acknowledgement
from coordination.recipients import Responsible
from coordination.rights import Actor, sees_deadlines
from foi_portal.core.danish import sort_key
from foi_portal.core.mail.composing import absolute
from foi_portal.core.models import User
from foi_portal.ui import conflicts, export, views
from foi_portal.ui.filters import tags_of
from foi_portal.ui.svg import Words
from foi_portal.ui.tables import listing
from foi_portal.ui.views import paginate
from registry.deadlines import Act

PAGE = 50
NAMED = 3  # assets and people of one row that are named
EXPORT = (
    "date",
    "days_left",
    "kind",
    "title",
    "subject",
    "assets",
    "people",
    "url",
    "acknowledged_until",
    "reason",
)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks; 403 for who may not see deadlines."""
    if not isinstance(request.user, User) or not sees_deadlines(request.user):
        raise PermissionDenied
    return Actor(request.user, timezone.localdate())


# --- The list and the timeline -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """An item as a row: the first assets and people, what to do, and whether one may take note of it."""

    item: Item
    assets: Sequence[tuple[str, str]]
    more_assets: int
    people: Sequence[Responsible]
    more_people: int
    act: Act | None
    may_take_note: bool


@dataclass(frozen=True)
class Group:
    """Items under one heading; ``count`` of all of them, ``lines`` those on this page."""

    key: str
    label: str
    count: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Tile:
    key: str
    label: str
    count: int
    url: str


class DeadlineList(View):
    """Filtered by the address; ``?vis=tidslinje`` shows the same by month, ``?_export=`` gives the same rows."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor = actor_of(request)
        found = deadlines.board(actor.on)
        form = DeadlineForm(request.GET, found=found)
        form.is_valid()
        wanted = form.wanted()
        items = deadlines.chosen(found, wanted)
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            return writer("udløb", EXPORT, (export_row(found, item) for item in items))
        open_to_both = deadlines.chosen(
            found,
            deadlines.Wanted(
                kind=wanted.kind,
                person=wanted.person,
                department=wanted.department,
                asset=wanted.asset,
                month=wanted.month,
            ),
        )
        as_timeline = request.GET.get("vis") == "tidslinje"
        context: dict[str, Any] = {
            "section": "deadline",
            "form": form,
            "tags": tags_of(form, request.GET),
            "tiles": self._tiles(deadlines.tally(open_to_both)),
            "count": len(items),
            "total": len(found.items),
            "open_count": sum(item.rest is None for item in items),
            "as_timeline": as_timeline,
            "list_url": self._url(vis=None, efter=None),
            "timeline_url": self._url(vis="tidslinje"),
            "hidden": [(name, request.GET[name]) for name in ("vis", "efter") if name in request.GET],
            "mine": listing(reverse("deadline-list"), person=actor.person) if actor.person else "",
            "today": actor.on,
        }
        if as_timeline:
            context |= self._timeline(found, items)
        else:
            page = paginate(items, request.GET, PAGE)
            context |= {"page": page, "groups": self._groups(found, actor, items, page.object_list)}
        return render(request, "coordination/deadline_list.html", context)

    def _url(self, **changes: str | None) -> str:
        """This page with other choices; None takes one away."""
        query = self.request.GET.copy()
        for name in ("page", "_export"):
            query.pop(name, None)
        return f"{reverse('deadline-list')}{_changed(query, changes)}"

    def _tiles(self, counts: Any) -> list[Tile]:
        """How many under each heading, with the address of just those."""
        tiles = [
            Tile(key, label, counts[key], self._url(haster=str(key), efterretning="nej", vis=None))
            for key, label in URGENCY_LABELS.items()
        ]
        if counts[RESTING]:
            url = self._url(haster=None, efterretning="ja", vis=None)
            tiles.append(Tile(RESTING, RESTING_LABEL, counts[RESTING], url))
        return tiles

    def _groups(
        self, found: Board, actor: Actor, items: Sequence[Item], shown: Iterable[Item]
    ) -> list[Group]:
        counts = deadlines.tally(items)
        labels = {**{str(key): label for key, label in URGENCY_LABELS.items()}, RESTING: RESTING_LABEL}
        return [
            Group(key, labels[key], counts[key], [line(found, actor, item) for item in rows])
            for key, rows in groupby(shown, key=lambda item: str(item.group))
        ]

    def _timeline(self, found: Board, items: Sequence[Item]) -> dict[str, Any]:
        by_department = self.request.GET.get("efter") == "forvaltning"
        if by_department:
            owners = found.organisations
            labels = {
                owners[key].code: owners[key].name
                for item in items
                for key in item.departments
                if key in owners
            }
            labels = dict(sorted(labels.items(), key=lambda pair: (sort_key(pair[1]), pair[0]))) | {
                NOBODY: "Uden forvaltning"
            }
            drawn = timeline.of(items, found.on, lambda item: _departments(found, item), labels)
        else:
            drawn = timeline.of(items, found.on, lambda item: (item.deadline.kind,), found.kinds)
        name = "forvaltning" if by_department else "slags"
        heading = f"Frister pr. {name} og måned"
        words = "Antallet af frister i hver måned. De samme tal står i tabellen nedenfor."
        return {
            "timeline": drawn,
            "wide": timeline_drawing.wide(drawn, Words("frister", heading, words)),
            "narrow": timeline_drawing.narrow(drawn, Words("frister-smal", heading, words)),
            "heading": heading,
            "ways": [
                ("slags", self._url(efter=None), not by_department),
                ("forvaltning", self._url(efter="forvaltning"), by_department),
            ],
            "legend": [
                (timeline_drawing.swatch("overdue"), "Overskredet"),
                (timeline_drawing.swatch("open"), "Åben"),
                (timeline_drawing.swatch("resting"), "Taget til efterretning"),
            ],
            "rows": [
                (
                    row,
                    [
                        (cell, self._cell_url(name, row.key, column.key))
                        for column, cell in zip(drawn.columns, row.cells, strict=True)
                    ],
                )
                for row in drawn.rows
            ],
        }

    def _cell_url(self, name: str, row: str, column: str) -> str:
        """The list with as many rows as the cell counts; "" where no one filter makes it."""
        if row == timeline.REST or column == timeline.LATER:
            return ""
        when: dict[str, str | None] = (
            {"haster": str(deadlines.Urgency.OVERDUE)} if column == timeline.OVERDUE else {"maaned": column}
        )
        return self._url(**{"vis": None, "efter": None, name: row, **when})


def _changed(query: QueryDict, changes: dict[str, str | None]) -> str:
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else ""


def _departments(found: Board, item: Item) -> list[str]:
    return [found.organisations[key].code for key in item.departments if key in found.organisations] or [
        NOBODY
    ]


def line(found: Board, actor: Actor, item: Item) -> Line:
    """What a row shows of an item to the one who looks."""
    people = found.people(item)
    return Line(
        item,
        [(facts.name, reverse(f"{facts.kind}-detail", args=[facts.code])) for facts in item.assets[:NAMED]],
        max(len(item.assets) - NAMED, 0),
        people[:NAMED],
        max(len(people) - NAMED, 0),
        actor.main_act(item),
        actor.may_take_note(found, item),
    )


def export_row(found: Board, item: Item) -> tuple[Any, ...]:
    one, rest = item.deadline, item.rest
    return (
        one.on,
        item.days_left,
        one.kind,
        one.title,
        one.subject,
        "; ".join(facts.code for facts in item.assets),
        "; ".join(who.name for who in found.people(item)),
        absolute(one.url),
        rest.until if rest else None,
        rest.reason if rest else "",
    )


# --- Taking note -------------------------------------------------------------------------------------------------


class NoteView(views.UpdateView):
    """What taking note and changing it share. Whoever is responsible may, and who may all."""

    model = Acknowledgement
    form_class: Any  # made for each request: it knows the day and who asks
    template_name = "coordination/acknowledge.html"
    url_base = "deadline"
    lookup = "pk"
    create_label = "Tag til efterretning"

    def url(self, verb: str, obj: Any = None) -> str:
        """There is one page of all deadlines, and none of a single one; ``tilbage`` is the filter one came from."""
        return f"{reverse('deadline-list')}{_changed(QueryDict(self.came_from(), mutable=True), {})}"

    def allowed(self, key: str) -> Item | None:
        """The item of that key, if it is still there. 403 for who may not take note of it."""
        actor = actor_of(self.request)
        found = deadlines.board(actor.on)
        item = found.by_key.get(key)
        if not (actor.may_take_note_of_all if item is None else actor.may_take_note(found, item)):
            raise PermissionDenied
        return item

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.form_class = partial(AcknowledgementForm, on=timezone.localdate(), actor=request.user)  # type: ignore[arg-type]  # signed in

    def came_from(self) -> str:
        """The filter of the list that one came from, as a query."""
        return self.request.POST.get("tilbage") or self.request.GET.get("tilbage") or ""


class DeadlineAcknowledge(NoteView):
    """Take note of the deadline in the address until a day, for a reason."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        item = self._item(kwargs["key"])
        if item.rest is not None:
            return redirect("acknowledgement-update", item.rest.key)
        return self._shown(item, self.form_class())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        item = self._item(kwargs["key"])
        if item.rest is not None:
            form = self.form_class(request.POST)
            form.add_error(None, "En anden har lige taget den til efterretning. Ret det, der står der.")
            return self._shown(item, form, status=409)
        form = self.form_class(request.POST)
        form.instance.key, form.instance.title = item.deadline.key, item.deadline.title[:300]
        if not form.is_valid():
            return self._shown(item, form, status=422)
        # What is over gives way: there is one at a time.
        past = Acknowledgement.objects.current().filter(
            key=item.deadline.key, until__lte=timezone.localdate()
        )
        past.update(archived_at=timezone.now(), archive_reason="Udløbet")
        if self.try_save(form) is None:
            return self._shown(item, form, status=409)
        messages.success(request, f"«{item.deadline.title}» er taget til efterretning.")
        return HttpResponseRedirect(self.url("list"))

    def _item(self, key: str) -> Item:
        item = self.allowed(key)
        if item is None:
            raise Http404
        return item

    def _shown(self, item: Item, form: AcknowledgementForm, status: int = 200) -> HttpResponse:
        return self.page(
            {"form": form, "item": item, "cancel_url": self.url("list"), "tilbage": self.came_from()},
            status=status,
        )


class AcknowledgementUpdate(NoteView):
    """Change until when, or why."""

    def get_queryset(self) -> Any:
        return Acknowledgement.objects.ongoing(timezone.localdate())

    def get_object(self, action: str | None = None) -> Acknowledgement:
        row: Acknowledgement = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        self.allowed(row.key)
        return row

    def get_context(self, obj: Any) -> dict[str, Any]:
        found = deadlines.board(timezone.localdate())
        return {"item": found.by_key.get(obj.key), "tilbage": self.came_from()}


class AcknowledgementWithdraw(NoteView):
    """Take it back: the deadline is open again."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        row = get_object_or_404(Acknowledgement.objects.current(), pk=kwargs["pk"])
        self.allowed(row.key)
        version = conflicts.submitted_version(request.POST) or 0
        done = Acknowledgement.objects.current().filter(pk=row.pk, version=version)
        if done.update(archived_at=timezone.now(), archive_reason="Taget tilbage"):
            messages.success(request, f"«{row.title}» er åben igen.")
        else:
            messages.warning(request, "Nogen har rettet den imens. Læs den igen, og gentag så.")
            return redirect("acknowledgement-update", row.pk)
        return HttpResponseRedirect(self.url("list"))


__all__ = [
    "AcknowledgementUpdate",
    "AcknowledgementWithdraw",
    "DeadlineAcknowledge",
    "DeadlineList",
    "actor_of",
    "export_row",
    "line",
]
