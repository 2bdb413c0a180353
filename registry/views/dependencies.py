"""Dependencies: the list, one on its own page, and the table of a whole asset edited in one go."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from foi_portal.core import history
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, views
from registry import queries
from registry.filters import DependencyFilter
from registry.forms import DependencyForm, DependencyRowForm
from registry.models import Asset, Dependency
from registry.tables import DEPENDENCY_COLUMNS
from registry.views.components import ComponentView
from registry.views.systems import SystemView


class DependencyView(views.ModelView):
    model = Dependency
    url_base = "dependency"
    lookup = "pk"
    create_label = "Ny afhængighed"


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


class DependencyCreate(DependencyForms, views.CreateView):
    pass


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


class DependencyTable(views.ModelView):
    """All that one asset depends on, as a table edited and added to in one go: one POST, one change set.

    Existing rows are named by their key and carry their version, new ones by their place. The whole table is
    saved or none of it: an error or another editor's change in one row keeps every row as it was typed.
    Without script there are empty rows to fill in, and a text field where codes can be pasted.
    """

    template_name = "registry/dependency_table.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asset = self.get_object()
        rows = self.rows(asset)
        wanted = request.GET.get("rows", "")
        blank = min(int(wanted), MOST_NEW_ROWS) if wanted.isdecimal() and len(wanted) < 5 else NEW_ROWS
        pasted = request.GET.get("koder", "").replace(",", " ").replace(";", " ").split()[:MOST_NEW_ROWS]
        new = [self.new_form(asset, i, initial={"target": code}) for i, code in enumerate(pasted)]
        new += [self.new_form(asset, i) for i in range(len(pasted), len(pasted) + blank)]
        old = [DependencyRowForm(instance=row, prefix=f"d{row.pk}") for row in rows]
        return self.table_page(asset, old, new)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            return self.save(request, self.get_object("change"))

    def rows(self, asset: Asset) -> list[Dependency]:
        return list(queries.leans_on(asset))

    def new_form(self, asset: Asset, index: int | str, **kwargs: Any) -> DependencyRowForm:
        return DependencyRowForm(
            instance=Dependency(source=asset), prefix=f"n{index}", use_required_attribute=False, **kwargs
        )

    def save(self, request: HttpRequest, asset: Asset) -> HttpResponse:
        Asset.objects.select_for_update().get(pk=asset.pk)  # one table is saved at a time
        list(Dependency.objects.select_for_update().filter(source=asset).values_list("pk"))
        current = {row.pk: row for row in self.rows(asset)}
        fresh = {row.pk: row for row in self.rows(asset)}  # the forms write on the other copies
        posted = [row for row in current.values() if f"d{row.pk}-version" in request.POST]
        old = [DependencyRowForm(request.POST, instance=row, prefix=f"d{row.pk}") for row in posted]
        count = request.POST.get("new", "0")
        total = min(int(count), MOST_NEW_ROWS) if count.isdecimal() and len(count) < 5 else 0
        new = [
            f for f in (self.new_form(asset, i, data=request.POST) for i in range(total)) if not f.is_empty
        ]

        if clashes := self.clashes(old, fresh):
            return self.conflict_page(asset, clashes, old, new)
        valid = [form.is_valid() for form in [*old, *new]]  # every row, so that all errors show at once
        if not all(valid) or self.repeats(old, new):
            return self.table_page(asset, old, new or [self.new_form(asset, 0)], status=422)
        changed = [
            f
            for f in old
            if f.has_changed()
            and str(fresh[f.instance.pk].version) == request.POST.get(f"{f.prefix}-version")
        ]
        try:
            with history.recording(reason=request.POST.get("reason", "")):
                for form in [*changed, *new]:
                    form.save()
        except IntegrityError:  # another page wrote the same dependency since the rows were judged
            for form in new:
                form.full_clean()
            if all(form.is_valid() for form in new):
                messages.error(request, "Nogen gemte noget i samme øjeblik, som står i vejen. Gem igen.")
            return self.table_page(asset, old, new, status=409)
        for row in self.gone(asset, set(current)):
            messages.warning(request, f"{row} er arkiveret imens. Dine rettelser i den er ikke gemt.")
        if changed or new:
            messages.success(request, f"{asset}: {len(new)} tilføjet, {len(changed)} rettet.")
        else:
            messages.info(request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(
            self.url("dependencies" if new and "more" in request.POST else "detail", asset)
        )

    def clashes(
        self, forms: list[DependencyRowForm], fresh: dict[int, Dependency]
    ) -> list[tuple[Dependency, conflicts.Conflict]]:
        """Rows that both this page and somebody else have changed since the page was opened."""
        found = []
        for form in forms:
            form.is_valid()
            row = fresh[form.instance.pk]
            version = conflicts.submitted_version({"version": self.request.POST[f"{form.prefix}-version"]})
            if version != row.version or row.is_archived:
                conflict = conflicts.build(form, row, version)
                if conflict.both or any(mine for _, mine in conflict.one):
                    found.append((row, conflict))
        return found

    def gone(self, asset: Asset, current: set[int]) -> list[Dependency]:
        """Rows that were archived since the page was opened although something in them was changed on it."""
        named = (re.fullmatch(r"d([0-9]{1,18})-version", name) for name in self.request.POST)
        keys = {int(match[1]) for match in named if match} - current
        rows = Dependency.objects.filter(source=asset, pk__in=keys)
        forms = [DependencyRowForm(self.request.POST, instance=row, prefix=f"d{row.pk}") for row in rows]
        return [row for row, _ in self.clashes(forms, {row.pk: row for row in rows.all()})]

    def repeats(self, old: list[DependencyRowForm], new: list[DependencyRowForm]) -> bool:
        """Whether two rows of the table say the same; the later one gets the error."""
        seen: set[tuple[int, str]] = set()
        found = False
        for form in [*old, *new]:
            key = (form.instance.target_id, form.cleaned_data["direction"])
            if key in seen:
                form.add_error("direction", "Samme komponent og dataretning står to gange i tabellen.")
                found = True
            seen.add(key)
        return found

    def table_page(
        self, asset: Asset, old: list[DependencyRowForm], new: list[DependencyRowForm], status: int = 200
    ) -> HttpResponse:
        errors = sum(1 for form in [*old, *new] if form.is_bound and form.errors)
        return self.page(
            {
                "object": asset,
                "rows": old,
                "new": new,
                "template_row": self.new_form(asset, "__prefix__"),
                "error_rows": errors,
                "may_change": may(self.request.user, "change", asset),
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
        old: list[DependencyRowForm],
        new: list[DependencyRowForm],
    ) -> HttpResponse:
        """Every row that clashes; the rest of the table travels along in hidden fields."""
        in_conflict = {row.pk for row, _ in clashes}
        kept = [("new", str(len(new)))]
        for form in old:
            if form.instance.pk not in in_conflict:
                kept.append((f"{form.prefix}-version", self.request.POST[f"{form.prefix}-version"]))
                kept += [(form[name].html_name, str(form[name].data or "")) for name in form.fields]
        for index, form in enumerate(new):
            kept += [(f"n{index}-{name}", str(form[name].data or "")) for name in form.fields]
        self.template_name = "registry/dependency_table_conflict.html"
        context = {
            "object": asset,
            "clashes": clashes,
            "kept": kept,
            "reason": self.request.POST.get("reason", ""),
        }
        return self.page({**context, "cancel_url": self.url("dependencies", asset)}, status=409)


class SystemDependencies(SystemView, DependencyTable):
    pass


class ComponentDependencies(ComponentView, DependencyTable):
    pass
