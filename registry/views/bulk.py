"""``…/masseret/``: the same change on many rows in three steps, each a POST: choose values, see them, save them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Field as ModelField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from foi_portal.core.history import REASON_LENGTH, reading
from foi_portal.core.models import Archivable, Change, User
from foi_portal.ui import formats, views
from registry import bulk
from registry.forms import ComponentForm, DependencyForm, SystemForm
from registry.views.components import ComponentList, ComponentView
from registry.views.dependencies import DependencyList, DependencyView
from registry.views.systems import SystemList, SystemView

PAGE = 50
SHOWN_VALUES = 6
SHOWN_CLASHES = 100
SHOWN_PROBLEMS = 500
UNCHANGED = "(uændret)"


def reason_field() -> forms.CharField:
    return forms.CharField(
        label="Begrundelse",
        max_length=REASON_LENGTH,
        required=False,
        error_messages={"max_length": "Begrundelsen må højst fylde %(limit_value)d tegn."},
    )


class BulkForm(forms.Form):
    """The edit form's fields, each optional: empty means unchanged. What may be empty has a box that clears it."""

    def __init__(self, edit_form: type[forms.ModelForm[Any]], names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names, self.model = names, edit_form._meta.model
        own = edit_form().fields
        for name in names:
            field = own[name]
            if not field.required:
                self.fields[f"clear_{name}"] = forms.BooleanField(label="Tøm", required=False)
            field.required, field.help_text, field.initial = False, "", None
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = UNCHANGED
            elif isinstance(field, forms.ChoiceField):
                choices: Any = field.choices
                field.choices = [("", UNCHANGED), *((key, text) for key, text in choices if key != "")]
            else:
                field.widget.attrs["placeholder"] = UNCHANGED
            self.fields[name] = field
        self.fields["reason"] = reason_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.names:
            if cleaned.get(f"clear_{name}") and cleaned.get(name) not in (None, ""):
                self.add_error(name, "Vælg en ny værdi, eller sæt flueben ved Tøm. Ikke begge dele.")
        if not self.errors and not self.values():
            raise ValidationError("Vælg en ny værdi i mindst ét felt.")
        return cleaned

    def values(self) -> dict[str, Any]:
        """The fields to change with the values to store; only of a valid form."""
        chosen = {}
        for name in self.names:
            value = self.cleaned_data.get(name)
            if self.cleaned_data.get(f"clear_{name}"):
                chosen[name] = None if self.model._meta.get_field(name).null else ""
            elif value not in (None, ""):
                chosen[name] = value.pk if hasattr(value, "pk") else value
        return chosen


@dataclass(frozen=True)
class ChoiceRow:
    """A field on the first page: what the rows have now, and the inputs."""

    bound: Any
    clear: Any
    present: list[tuple[str, int]]
    rest: list[tuple[str, int]]

    @property
    def row_id(self) -> str:
        """Id of the element that names the row, for ``aria-labelledby``."""
        return f"f-{self.bound.name}"


@dataclass(frozen=True)
class Step:
    """A field in the preview: from which values (most common first) to which."""

    label: str
    after: str
    before: list[tuple[str, int]]
    others: int


@dataclass(frozen=True)
class Line:
    """One field of a row that somebody else has changed. ``mine`` is None when the bulk edit leaves it alone."""

    label: str
    before: str
    theirs: str
    mine: str | None


@dataclass(frozen=True)
class Clash:
    row: Any
    who: str
    at: Any
    lines: list[Line]


class BulkView(views.ModelView):
    """Choose, preview, save. Nothing is written before the last step, which has a transaction of its own."""

    recording_exempt = True
    list_view: type[views.ListView]
    edit_form: type[forms.ModelForm[Any]]
    template_name = "registry/bulk.html"
    steps: ClassVar = (("choose", "Vælg værdier"), ("preview", "Se, hvad der sker"), ("done", "Gem"))

    def get(self, request: HttpRequest) -> HttpResponse:
        """There is nothing to show without rows; one lands here after signing in again."""
        bulk.check_rights(self.user, self.model, [])
        return self.back("Vælg rækkerne i listen igen.")

    def post(self, request: HttpRequest) -> HttpResponse:
        if "token" not in request.POST:
            return self.start()
        selection = bulk.thaw(request.POST["token"], self.model, self.user)
        step = request.POST.get("step", "")
        if step in ("apply", "apply-rest"):
            return self.apply(selection.without_contested() if step == "apply-rest" else selection)
        if step == "preview":
            return self.choose_or_preview(selection)
        if step == "choose":
            rows = self.rows(selection.versions)
            return self.choose_page(rows, self.form_of(selection))
        return self.turn_page(selection)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except bulk.Forbidden as error:
            raise PermissionDenied from error
        except bulk.Spoiled as error:
            self.template_name = "registry/bulk_spoiled.html"
            return self.page({"why": str(error), "list_with_filter": self.list_with_filter()}, status=400)

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - nobody else comes past the login
        return self.request.user

    @property
    def names(self) -> Sequence[str]:
        return bulk.FIELDS[self.model]

    def rows(self, keys: Collection[int]) -> list[Any]:
        rows = bulk.load(self.model, keys)
        bulk.check_rights(self.user, self.model, rows)
        return rows

    def list_with_filter(self) -> str:
        query = QueryDict(self.request.POST.get("filter", "")).urlencode()
        return f"{self.url('list')}?{query}" if query else self.url("list")

    def back(self, message: str) -> HttpResponse:
        messages.error(self.request, message)
        return HttpResponseRedirect(self.list_with_filter())

    def count(self, number: int) -> str:
        """«12 fagsystemer»"""
        meta = self.model._meta
        return f"{formats.plain(number)} {meta.verbose_name if number == 1 else meta.verbose_name_plural}"

    # Step 1: which rows, and which values

    def start(self) -> HttpResponse:
        keys = self.asked_for()
        if not keys:
            bulk.check_rights(self.user, self.model, [])
            return self.back("Sæt flueben ved mindst én række, eller ret alle i filteret.")
        if len(keys) > bulk.MOST_ROWS:
            bulk.check_rights(self.user, self.model, [])
            most = formats.plain(bulk.MOST_ROWS)
            return self.back(f"Du kan højst rette {most} rækker på én gang. Gør filteret snævrere.")
        rows = self.rows(keys)
        if not rows:
            return self.back("De valgte rækker findes ikke længere.")
        return self.choose_page(rows, self.form(), notice=self.surprise(len(rows)))

    def asked_for(self) -> list[int]:
        """Keys of the picked rows, or of all that match the list's filter, asked again here."""
        posted = self.request.POST
        if posted.get("scope") != "all":
            return list({int(key) for key in posted.getlist("pk") if key.isdecimal() and len(key) < 19})
        filterset = self.list_view.filterset_class(
            QueryDict(posted.get("filter", "")),
            queryset=self.list_view().get_queryset(),
            request=self.request,
        )
        return list(filterset.qs.order_by().values_list("pk", flat=True)[: bulk.MOST_ROWS + 1])

    def surprise(self, found: int) -> str:
        """What to say when there are other rows than the person saw in the list."""
        posted = self.request.POST
        everything = posted.get("scope") == "all"
        seen = posted.get("count", "") if everything else str(len(set(posted.getlist("pk"))))
        if not seen.isdecimal() or len(seen) > 9 or int(seen) == found:
            return ""
        before = f"{'Listen viste' if everything else 'Du valgte'} {self.count(int(seen))}"
        return f"{before}, men nu er der {formats.plain(found)}. Se efter, om det er dem, du vil rette."

    def form(self, **kwargs: Any) -> BulkForm:
        return BulkForm(self.edit_form, self.names, **kwargs)

    def form_of(self, selection: bulk.Selection) -> BulkForm:
        """The form as it was filled in to make the selection."""
        initial: dict[str, Any] = {"reason": self.request.POST.get("reason", "")}
        for name, value in selection.values.items():
            initial |= {f"clear_{name}": True} if value in (None, "") else {name: value}
        return self.form(initial=initial)

    def choose_page(
        self, rows: list[Any], form: BulkForm, notice: str = "", status: int = 200
    ) -> HttpResponse:
        fields = []
        for name in self.names:
            present = bulk.present_values(rows, name)
            clear = form[f"clear_{name}"] if f"clear_{name}" in form.fields else None
            fields.append(ChoiceRow(form[name], clear, present[:SHOWN_VALUES], present[SHOWN_VALUES:]))
        selection = bulk.Selection(self.model, {row.pk: row.version for row in rows})
        return self.bulk_page(
            {"now": "choose", "form": form, "fields": fields, "notice": notice}, selection, status
        )

    def bulk_page(self, context: dict[str, Any], selection: bulk.Selection, status: int) -> HttpResponse:
        return self.page(
            {
                "title": f"Ret {self.count(len(selection.versions))}",
                "token": bulk.freeze(selection, self.user),
                "filter_query": self.request.POST.get("filter", ""),
                "list_with_filter": self.list_with_filter(),
                **context,
            },
            status=status,
        )

    # Step 2: what will happen

    def choose_or_preview(self, selection: bulk.Selection) -> HttpResponse:
        form = self.form(data=self.request.POST)
        if not form.is_valid():
            return self.choose_page(self.rows(selection.versions), form, status=422)
        chosen = replace(selection, values=form.values(), contested={})
        return self.preview(chosen, form.cleaned_data["reason"])

    def turn_page(self, selection: bulk.Selection) -> HttpResponse:
        """Another page of the same preview, unless the rows are not as it showed them."""
        rows = self.rows(selection.versions)
        changed = frozenset(row.pk for row in rows if row.version != selection.versions[row.pk])
        gone = frozenset(selection.versions.keys() - {row.pk for row in rows})
        stale = bulk.ChangedSince(changed, gone) if changed or gone else None
        return self.preview(selection, self.request.POST.get("reason", ""), stale=stale)

    def preview(
        self,
        seen: bulk.Selection,
        reason: str,
        stale: bulk.ChangedSince | None = None,
        error: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """What ``seen`` would do to its rows as they are now; frozen anew with their present versions."""
        rows = self.rows(seen.versions)
        changed = [row for row in rows if bulk.is_changed_by(row, seen.values)]
        problems = bulk.find_problems(self.model, changed, seen.values)
        contested = seen.contested if stale is None else {key: seen.versions[key] for key in stale.keys}
        contested = {p.row.pk: p.row.version for p in problems if p.row is not None} | dict(contested)
        selection = bulk.Selection(self.model, {row.pk: row.version for row in rows}, seen.values, contested)
        after = {name: bulk.shown_value(self.model, name, value) for name, value in seen.values.items()}
        page = views.paginate(changed, self.request.POST, PAGE)
        clashing = [row for row in rows if contested.get(row.pk, row.version) != row.version]
        context = {
            "now": "preview",
            "heads": [self.label(name) for name in after],
            "body": [
                (row, [(self.label(name), bulk.shown(row, name), new) for name, new in after.items()])
                for row in page.object_list
            ],
            "summary": [self.summary(name, new, changed) for name, new in after.items()],
            "page": page,
            "changed": len(changed),
            "changed_words": self.count(len(changed)),
            "unchanged": len(rows) - len(changed),
            "clashes": self.clashes(clashing[:SHOWN_CLASHES], contested, after),
            "clash_count": len(clashing),
            "gone": len(stale.gone) if stale is not None else 0,
            "problems": problems[:SHOWN_PROBLEMS],
            "problem_count": len({p.row.pk if p.row else None for p in problems}),
            "hopeless": any(p.row is None for p in problems),
            "contested": len(contested),
            "left": len([row for row in changed if row.pk not in contested]),
            "error": error,
            "reason": reason,
        }
        status = 409 if stale is not None else 422 if problems else status
        return self.bulk_page(context, selection, status)

    def label(self, name: str) -> str:
        """What the edit form calls the field: a component's provider is its owner."""
        return capfirst(str(self.edit_form.base_fields[name].label))

    def summary(self, name: str, new: str, changed: list[Any]) -> Step:
        before = [item for item in bulk.present_values(changed, name) if item[0] != new]
        rest = sum(count for _, count in before[SHOWN_VALUES:])
        return Step(self.label(name), new, before[:SHOWN_VALUES], rest)

    def clashes(self, rows: Iterable[Any], seen: Mapping[int, int], after: dict[str, str]) -> list[Clash]:
        """What others did to the rows since the ``seen`` versions, beside what the bulk edit wants."""
        by_key = {row.pk: row for row in rows}
        if not by_key:
            return []
        table = self.model._meta.db_table
        later = Change.objects.filter(
            table=table,
            row_id__in=by_key.keys(),
            row_version__gt=min(seen[key] for key in by_key),
        )
        spans: dict[int, Change] = {}
        for change in later.order_by("id"):
            if (change.row_version or 0) <= seen[change.row_id]:
                continue
            first = spans.get(change.row_id)
            if first is not None:
                change.before = first.before
            spans[change.row_id] = change
        entries = reading.readable(spans.values(), self.user, formats.plain)
        return [self.clash(by_key[entry.change.row_id], entry, after) for entry in entries]

    def clash(self, row: Archivable, entry: reading.Entry, after: dict[str, str]) -> Clash:
        theirs = {difference.label: difference for difference in entry.differences}
        lines = []
        for name, new in after.items():
            field: ModelField[Any, Any] = self.model._meta.get_field(name)  # type: ignore[assignment]
            difference = theirs.pop(capfirst(str(field.verbose_name)), None)
            present = bulk.shown(row, name)
            before, now = (difference.before, difference.after) if difference else (present, present)
            lines.append(Line(self.label(name), before, now, new))
        lines += [Line(d.label, d.before, d.after, None) for d in theirs.values()]
        return Clash(row, entry.who, entry.at, lines)

    # Step 3: do it

    def apply(self, selection: bulk.Selection) -> HttpResponse:
        reason = self.request.POST.get("reason", "")
        try:
            reason = reason_field().clean(reason)
        except ValidationError as error:
            return self.preview(selection, reason, error=" ".join(error.messages), status=422)
        try:
            done = bulk.apply(selection, self.user, reason)
        except bulk.ChangedSince as stale:
            return self.preview(selection, reason, stale=stale)
        except bulk.BreaksRules:
            return self.preview(selection, reason)
        except (bulk.Forbidden, bulk.Spoiled):
            raise
        except bulk.Refused as error:
            return self.preview(selection, reason, error=str(error), status=409)
        if not done.rows:
            messages.info(self.request, "Ingen ændringer at gemme.")
        else:
            messages.success(
                self.request,
                format_html(
                    '{} er rettet. <a href="{}">Se eller fortryd rettelserne</a>',
                    self.count(done.rows),
                    reverse("changeset", args=[done.change_set]),
                ),
            )
        return HttpResponseRedirect(self.list_with_filter())


class SystemBulk(SystemView, BulkView):
    list_view = SystemList
    edit_form = SystemForm


class ComponentBulk(ComponentView, BulkView):
    list_view = ComponentList
    edit_form = ComponentForm


class DependencyBulk(DependencyView, BulkView):
    list_view = DependencyList
    edit_form = DependencyForm
