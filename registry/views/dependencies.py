"""Dependencies: the list, one on its own page, and the table of a whole asset edited in one go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views import View

from foi_portal.core import history
from foi_portal.ui import views
from foi_portal.ui.forms import SEPARATOR, shorten
from foi_portal.ui.rows import PostedRows, prefix
from registry import queries
from registry.filters import DependencyFilter
from registry.forms import RULES, DependencyForm, DependencyRowForm
from registry.models import Asset, Dependency
from registry.rights import may_edit_dependencies
from registry.tables import DEPENDENCY_COLUMNS
from registry.views.components import ComponentView
from registry.views.systems import SystemView


class DependencyView(views.ModelView):
    """One dependency. Besides the right to dependencies as such, the right to its source counts."""

    model = Dependency
    url_base = "dependency"
    lookup = "pk"
    create_label = "Ny afhængighed"

    def get_object(self, action: str | None = None) -> Any:
        row = super().get_object("view")
        wanted = action or self.action
        if wanted != "view" and not may_edit_dependencies(self.request.user, row.source, (wanted,)):
            raise PermissionDenied
        return row

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if "may_change" in context:
            source = context["object"].source
            context["may_change"] = may_edit_dependencies(self.request.user, source, ("change",))
        return super().page(context, status)


class DependencyList(DependencyView, views.ListView):
    columns = DEPENDENCY_COLUMNS
    filterset_class = DependencyFilter
    default_sort = "source_code"
    naming = ("source__name", "target__name")
    bulk = True


class DependencyDetail(DependencyView, views.DetailView):
    template_name = "registry/dependency_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("source", "target", "via", "verified_by")

    def get_context(self, obj: Dependency) -> dict[str, Any]:
        return {"tab": "overview"}


class DependencyForms(DependencyView, views.FormView):
    form_class = DependencyForm
    wide = ("source", "target", "purpose")
    fieldsets = (
        ("Hvem bruger hvad", ("source", "target", "purpose", "direction", "importance")),
        ("Status og periode", ("status", "since", "until", "via", "verified_on")),
    )

    def save(self, form: Any) -> Any:
        """The row is one of its source's, also when the form has just given it that source."""
        if not may_edit_dependencies(self.request.user, form.instance.source, (self.action,)):
            raise PermissionDenied
        if "verified_on" in form.changed_data:
            form.instance.verified_by = self.request.user if form.instance.verified_on else None
        return super().save(form)


class DependencyCreate(DependencyForms, views.CreateView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Also for who may only write for the source that the form or the address (``?source=``) names."""
        source = named_source(request.POST) or named_source(request.GET)
        if source is not None and may_edit_dependencies(request.user, source, (self.action,)):
            return View.dispatch(self, request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)


def named_source(data: Mapping[str, Any]) -> Asset | None:
    """The asset whose code stands as ``source``; None when there is none."""
    field: Any = DependencyForm.base_fields["source"]
    for text in field.texts([data.get("source", "")]):
        return Asset.objects.filter(code=text.split(SEPARATOR)[0]).first()
    return None


class DependencyUpdate(DependencyForms, views.UpdateView):
    pass


class DependencyArchive(DependencyView, views.ArchiveView):
    pass


class DependencyRestore(DependencyArchive):
    restore = True


class DependencyHistory(DependencyView, views.HistoryView):
    pass


NEW_ROWS = 3
MOST_NEW_ROWS = 200
NEW_FIELD = re.compile("n(0|[1-9][0-9]{0,4})-[a-z]+")


class DependencyTable(views.ModelView):
    """All that one asset depends on, as a table edited and added to in one go: one POST, one change set.

    Existing rows are named by their key and carry their version, new ones by their place. The whole table is
    saved or none of it: an error or another editor's change in one row keeps every row as it was typed. A row
    nobody touched is neither judged nor saved. Without script there are empty rows to fill in, and a text field
    where codes can be pasted. The number of queries does not depend on the number of rows.
    """

    template_name = "registry/dependency_table.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asset = self.get_object()
        wanted = request.GET.get("rows", "")
        blank = int(wanted) if wanted.isdecimal() and len(wanted) < 5 else NEW_ROWS
        codes = request.GET.get("koder", "").replace(",", " ").replace(";", " ").split()
        pasted, left = codes[:MOST_NEW_ROWS], codes[MOST_NEW_ROWS:]
        if left:
            text = (
                f"{len(left)} af {len(codes)} koder er ikke kommet med, for der er plads til {MOST_NEW_ROWS} "
                f"nye rækker ad gangen. Fortsæt med «{shorten(left[0])}», når disse er gemt."
            )
            messages.warning(request, text)
        total = min(len(pasted) + blank, MOST_NEW_ROWS)
        new = [self.new_form(asset, i, initial={"target": code}) for i, code in enumerate(pasted)]
        new += [self.new_form(asset, i) for i in range(len(pasted), total)]
        return self.table_page(asset, [row_form(row) for row in queries.leans_on(asset)], new)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asset = self.get_object()
        if not may_edit_dependencies(request.user, asset):
            raise PermissionDenied
        with transaction.atomic():
            return self.save(request, asset)

    def save(self, request: HttpRequest, asset: Asset) -> HttpResponse:
        lock = Asset.objects.select_for_update(no_key=True)  # one table is saved at a time
        asset.refresh_from_db(from_queryset=lock)
        if asset.is_archived:
            messages.error(request, f"{asset} er arkiveret. Gendan det først.")
            return self.table_page(asset, [row_form(row) for row in queries.leans_on(asset)], [], status=409)
        rows = list(self.rows(asset).select_for_update(of=("self",), no_key=True))
        posted = PostedRows(rows, request.POST, row_form)
        edits = posted.edits()
        current = [row for row in rows if not row.is_archived]
        for row in rows:
            if row.is_archived and row.pk in edits:
                text = f"{row.target} er arkiveret imens. Dine rettelser i den er ikke gemt."
                messages.warning(request, text)
        old = [edits.get(row.pk) or row_form(row) for row in current]
        changed = [form for form in old if form.is_bound]
        new = self.new_forms(asset)

        if clashes := replace(posted, rows=current).clashes(edits):
            return self.conflict_page(asset, clashes, changed, new)
        if error := self.too_many(new):
            new = [self.new_form(asset, i, initial=typed(form)) for i, form in enumerate(new)]
            return self.table_page(asset, old, new, error=error, status=422)
        DependencyRowForm.find_targets(new)
        if not self.judge(rows, changed, new):
            return self.table_page(asset, old, new, status=422)
        try:
            with history.recording(reason=request.POST.get("reason", "")):
                fields = list(DependencyRowForm.base_fields)
                Dependency.objects.bulk_update([f.instance for f in changed], fields)
                Dependency.objects.bulk_create(f.instance for f in new)
        except IntegrityError:  # another page wrote the same dependency since the rows were judged
            if self.judge(self.rows(asset), changed, new):
                messages.error(request, "Nogen gemte noget i samme øjeblik, som står i vejen. Gem igen.")
            return self.table_page(asset, old, new, status=409)
        if changed or new:
            done = [f"{n} {word}" for n, word in ((len(new), "tilføjet"), (len(changed), "rettet")) if n]
            messages.success(request, f"{asset}: {', '.join(done)}.")
        else:
            messages.info(request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(
            self.url("dependencies" if new and "more" in request.POST else "detail", asset)
        )

    def rows(self, asset: Asset) -> Any:
        """All that the asset has ever used, archived rows too: they hold their place in the unique constraint."""
        rows = Dependency.objects.filter(source=asset).select_related("target")
        return rows.order_by("target__name", "target__code", "id")

    def new_form(self, asset: Asset, index: int | str, **kwargs: Any) -> DependencyRowForm:
        return DependencyRowForm(
            instance=Dependency(source=asset), prefix=f"n{index}", use_required_attribute=False, **kwargs
        )

    def numbers(self) -> list[int]:
        """The numbers of the new rows that were posted, however many the page says there are."""
        return sorted({int(match[1]) for match in map(NEW_FIELD.fullmatch, self.request.POST) if match})

    def new_forms(self, asset: Asset) -> list[DependencyRowForm]:
        """The new rows in which something is typed, numbered from 0."""
        post = self.request.POST
        found: list[DependencyRowForm] = []
        for number in self.numbers():
            values = {name: post.get(f"n{number}-{name}", "") for name in DependencyRowForm.Meta.fields}
            if any(values[name].strip() for name in DependencyRowForm.typed):
                data = {f"n{len(found)}-{name}": value for name, value in values.items()}
                found.append(self.new_form(asset, len(found), data=data))
        return found

    def too_many(self, new: list[DependencyRowForm]) -> str:
        """What is wrong with the number of new rows; empty when it is right."""
        count = self.request.POST.get("new", "")
        most = max(MOST_NEW_ROWS, len(self.numbers()))  # the page's own rows may be many, when most are empty
        said = count.isdecimal() and (len(count) > 5 or int(count) > most)
        if len(new) > MOST_NEW_ROWS:
            advice = f"Tøm mindst {len(new) - MOST_NEW_ROWS} af dem, gem, og tilføj dem bagefter."
        elif said:
            advice = "De tomme er taget ud. Gem igen."
        else:
            return ""
        return f"Der er plads til højst {MOST_NEW_ROWS} nye rækker ad gangen. {advice}"

    def judge(
        self, rows: Iterable[Dependency], changed: list[DependencyRowForm], new: list[DependencyRowForm]
    ) -> bool:
        """Whether all can be saved. Every row is judged, so that all errors show at once.

        ``rows`` is what the database holds. Changed rows are written first, so a new row may take a place that one
        of them leaves.
        """
        for form in [*changed, *new]:
            form.full_clean()
        held = {(row.target_id, row.direction): row for row in rows}
        left = {form.instance.pk for form in changed if "direction" in form.changed_data}
        said: set[tuple[int, str]] = set()
        for form in [*changed, *new]:
            key = (form.instance.target_id, form.cleaned_data.get("direction", ""))
            holder, mine = held.get(key), form.instance.pk
            if key in said:
                form.add_error("direction", "Samme komponent og dataretning står to gange i tabellen.")
            elif holder is not None and holder.is_archived:
                text = "Afhængigheden findes allerede, men er arkiveret. Gendan den i stedet."
                form.add_error("direction", text)
            elif holder is not None and holder.pk != mine and (mine or holder.pk not in left):
                form.add_error("direction", RULES["dependency_is_written_once"])
            said.add(key)
        return not any(form.errors for form in [*changed, *new])

    def table_page(
        self,
        asset: Asset,
        old: list[DependencyRowForm],
        new: list[DependencyRowForm],
        error: str = "",
        status: int = 200,
    ) -> HttpResponse:
        errors = sum(1 for form in [*old, *new] if form.is_bound and form.errors)
        return self.page(
            {
                "object": asset,
                "rows": old,
                "new": new,
                "template_row": self.new_form(asset, "__prefix__"),
                "error": error,
                "error_rows": errors,
                "may_change": not asset.is_archived and may_edit_dependencies(self.request.user, asset),
                "reason": self.request.POST.get("reason", ""),
                "cancel_url": self.url("detail", asset),
                "tab": "dependencies",
            },
            status=status,
        )

    def conflict_page(
        self,
        asset: Asset,
        clashes: list[tuple[Dependency, Any]],
        changed: list[DependencyRowForm],
        new: list[DependencyRowForm],
    ) -> HttpResponse:
        """Every row that clashes; what else was typed travels along in hidden fields."""
        in_conflict = {row.pk for row, _ in clashes}
        kept = [("new", str(len(new)))]
        for form in changed:
            if form.instance.pk not in in_conflict:
                kept.append((f"{form.prefix}-version", str(form.instance.version)))
                kept += [(form[name].html_name, str(form[name].data or "")) for name in form.fields]
        for form in new:
            kept += [(form[name].html_name, str(form[name].data or "")) for name in form.fields]
        self.template_name = "registry/dependency_table_conflict.html"
        context = {
            "object": asset,
            "what": f"afhængigheder for {asset}",
            "here": "Afhængigheder",
            "clashes": clashes,
            "kept": kept,
            "reason": self.request.POST.get("reason", ""),
        }
        return self.page({**context, "cancel_url": self.url("dependencies", asset)}, status=409)


def row_form(row: Dependency, data: Any = None) -> DependencyRowForm:
    return DependencyRowForm(data, instance=row, prefix=prefix(row))


def typed(form: DependencyRowForm) -> dict[str, Any]:
    return {name: form[name].data for name in form.fields}


class SystemDependencies(SystemView, DependencyTable):
    pass


class ComponentDependencies(ComponentView, DependencyTable):
    pass
