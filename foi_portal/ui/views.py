"""One generic page for each of list, detail, create, edit, archive, restore and history.

A view of an app declares its model, columns, filter and form; everything else is here. Rights are asked for
the model where there is no row yet, and else for the row once it is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from foi_portal.core import history
from foi_portal.core.history import reading
from foi_portal.core.models import Archivable, Change
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, export, formats, panels
from foi_portal.ui.tables import Column, Table

SIZES = (25, 50, 100, 250)


class ModelView(View):
    """What all of them know: the model, its words and its addresses (``<url_base>-list``, ``-detail`` …)."""

    model: type[Archivable]
    url_base: str
    lookup: ClassVar[str] = "code"
    action: ClassVar[str] = "view"
    template_name: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not kwargs and not may(request.user, self.action, self.model):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def get_object(self, action: str | None = None) -> Any:
        """The row named in the address: 404 when there is none, 403 when the user may not ``action`` it.

        A form names its row by key too, and that counts: the code may have been changed since it was opened.
        """
        key = self.request.POST.get("key", "")
        named = {"pk": int(key)} if key.isdecimal() and len(key) < 19 else None
        obj = get_object_or_404(self.get_queryset(), **named or {self.lookup: self.kwargs[self.lookup]})
        if not may(self.request.user, action or self.action, obj):
            raise PermissionDenied
        return obj

    def url(self, verb: str, obj: Any = None) -> str:
        return reverse(f"{self.url_base}-{verb}", args=[getattr(obj, self.lookup)] if obj is not None else [])

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        meta = self.model._meta
        words = {"verbose_name": meta.verbose_name, "verbose_name_plural": meta.verbose_name_plural}
        return render(
            self.request,
            self.template_name,
            {"view": self, **words, "list_url": self.url("list"), "section": self.url_base, **context},
            status=status,
        )


def paginate(rows: Any, params: Any, size: int) -> Page[Any]:
    """The page asked for by ``?page=``; anything odd gives the nearest page there is, never an error."""
    return Paginator(rows, size).get_page(params.get("page"))


class ListView(ModelView):
    """Filtered, sorted, paged, exported; every choice is in the address, so a view is saved as a link."""

    template_name = "ui/list.html"
    columns: Sequence[Column]
    filterset_class: Any
    default_sort: str
    naming: ClassVar[
        Sequence[str]
    ] = ()  # paths that name a row to somebody who cannot see it; else the first column
    bulk: bool = False
    importable: bool = True  # whether an empty list offers to import a spreadsheet
    creatable: bool = True  # whether rows are made by people, on a page of their own

    def total(self) -> int:
        """How many rows there are without any filter."""
        return self.model._default_manager.filter(archived_at=None).count()

    @property
    def bulk_url(self) -> str:
        """Where the ticked rows are posted to; only for lists that have bulk edit."""
        return self.url("bulk")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filterset = self.filterset_class(request.GET, queryset=self.get_queryset(), request=request)
        rows = filterset.qs
        table = Table.choose(self.columns, request.GET, self.default_sort, self.naming)
        writer = export.FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            return writer(str(self.model._meta.verbose_name_plural), table.columns, table.ordered(rows))
        size = next((size for size in SIZES if request.GET.get("size") == str(size)), SIZES[0])
        # Which rows first, then what they show: counts are then made for one page and not for all before it.
        page = paginate(table.ordered(rows).values_list("pk", flat=True), request.GET, size)
        shown = table.values(table.ordered(rows.filter(pk__in=list(page.object_list))))
        bulk = self.bulk and may(request.user, "change", self.model)
        return self.page(
            {
                "title": str(self.model._meta.verbose_name_plural).capitalize(),
                "filter": filterset,
                "table": table,
                "page": page,
                "body": table.body(shown, selectable=bulk),
                "sizes": SIZES,
                "size": size,
                "total": self.total(),
                "bulk": bulk,
                "importable": self.importable,
                "create_url": self.url("create")
                if self.creatable and may(request.user, "add", self.model)
                else "",
            }
        )


class DetailView(ModelView):
    """Everything about one row: the app's own facts, and the panels that other apps have registered."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        return self.page(
            {
                "object": obj,
                "may_change": may(request.user, "change", obj),
                "panels": panels.panels_for(request, obj),
                **self.get_context(obj),
            }
        )

    def get_context(self, obj: Any) -> dict[str, Any]:
        return {}


class FormView(ModelView):
    """Shared by create and edit: a form in fieldsets, a reason that goes into the history."""

    template_name = "ui/form.html"
    form_class: type[forms.ModelForm[Any]]
    fieldsets: Sequence[tuple[str, Sequence[str]]] = ()

    def groups(self, form: forms.ModelForm[Any]) -> list[tuple[str, list[Any]]]:
        return [
            (title, [form[name] for name in names if name in form.fields]) for title, names in self.fieldsets
        ]

    def form_page(self, form: forms.ModelForm[Any], obj: Any, status: int = 200) -> HttpResponse:
        return self.page(
            {
                "form": form,
                "object": obj,
                "groups": self.groups(form),
                "cancel_url": self.url("detail", obj) if obj is not None else self.url("list"),
                "reason": self.request.POST.get("reason", ""),
                **self.get_context(obj),
            },
            status=status,
        )

    def get_context(self, obj: Any) -> dict[str, Any]:
        return {}

    def save(self, form: forms.ModelForm[Any]) -> Any:
        """Write the row with its reason. The form is valid."""
        with history.recording(reason=self.request.POST.get("reason", "")):
            return form.save()

    def try_save(self, form: forms.ModelForm[Any]) -> Any:
        """``save``, or None with an error on the form when another writer was first and the rules now refuse."""
        try:
            return self.save(form)
        except IntegrityError:
            form.add_error(
                None,
                "En anden har lige gemt en ændring, der ikke kan forenes med din. Se felterne igennem, og gem igen.",
            )
            return None


class CreateView(FormView):
    action = "add"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.form_page(self.form_class(initial=request.GET.dict()), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.form_page(form, None, status=422)
        obj = self.try_save(form)
        if obj is None:
            return self.form_page(form, None, status=409)
        messages.success(request, f"{obj} er oprettet.")
        return HttpResponseRedirect(self.after(obj))

    def after(self, obj: Any) -> str:
        return self.url("detail", obj)


class UpdateView(FormView):
    """Edit. A form made from another version than the present one is refused with the conflict page (409)."""

    action = "change"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        return self.form_page(self.form_class(instance=obj), obj)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            return self.save_guarded(request)

    def save_guarded(self, request: HttpRequest) -> HttpResponse:
        found = self.get_object()  # 404 and 403 before the lock
        obj = self.model._default_manager.select_for_update(no_key=True).get(pk=found.pk)
        current = self.model._default_manager.get(pk=obj.pk)
        form = self.form_class(request.POST, instance=obj)
        valid = form.is_valid()
        if conflict := self.conflict(form, current):
            return self.conflict_page(conflict, current)
        if not valid:
            return self.form_page(form, current, status=422)
        saved = self.try_save(form)
        if saved is None:
            return self.form_page(form, current, status=409)
        if self.is_changed(form, current):
            messages.success(request, f"{saved} er gemt.")
        else:
            messages.info(request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(self.after(saved))

    def conflict(self, form: forms.ModelForm[Any], current: Any) -> conflicts.Conflict | None:
        """What somebody else changed since the form was made, if anything. ``current`` is locked."""
        version = conflicts.submitted_version(self.request.POST)
        return None if version == current.version else conflicts.build(form, current, version)

    def is_changed(self, form: forms.ModelForm[Any], before: Any) -> bool:
        """Whether saving the form changed anything; ``before`` is the row as it was."""
        return not self.model._default_manager.filter(pk=before.pk, version=before.version).exists()

    def after(self, obj: Any) -> str:
        return self.url("detail", obj)

    def conflict_page(self, conflict: conflicts.Conflict, obj: Any) -> HttpResponse:
        self.template_name = "ui/conflict.html"
        return self.page(
            {
                "conflict": conflict,
                "object": obj,
                "reason": self.request.POST.get("reason", ""),
                "cancel_url": self.url("detail", obj),
            },
            status=409,
        )


class ArchiveView(ModelView):
    """Archive with a reason; the row stays readable. Subclass with ``restore = True`` for the way back."""

    action = "change"
    template_name = "ui/archive.html"
    restore = False
    refused = (
        "En anden har taget dens plads imens. Arkivér den anden først, eller lad denne blive, som den er."
    )

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.confirm(self.get_object())

    def confirm(self, obj: Any, error: str = "", status: int = 200) -> HttpResponse:
        context = {
            "object": obj,
            "restore": self.restore,
            "error": error,
            "reason": self.request.POST.get("reason", ""),
            "standing_in_the_way": self.in_the_way(obj),
            "cancel_url": self.url("detail", obj),
        }
        return self.page(context, status=status)

    def values(self, reason: str) -> dict[str, Any]:
        """What is written on the row; a subclass may add to it."""
        return {
            "archived_at": None if self.restore else timezone.now(),
            "archive_reason": "" if self.restore else reason,
        }

    def in_the_way(self, obj: Any) -> Sequence[Model]:
        """Rows that still lean on this one; shown as a warning before it is archived."""
        return []

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        reason = history.tidy(request.POST.get("reason", ""))
        if not self.restore and not reason:
            return self.confirm(obj, "Skriv, hvorfor den arkiveres.", status=422)
        version = conflicts.submitted_version(request.POST)
        rows = self.model._default_manager.filter(pk=obj.pk, archived_at__isnull=not self.restore)
        try:
            with history.recording(reason=reason):
                done = rows.filter(version=version or 0).update(**self.values(reason))
        except IntegrityError:
            return self.confirm(obj, self.refused, status=409)
        if not done:
            now = self.get_object()
            over = now.is_archived != self.restore
            gone = "Den er allerede gendannet." if self.restore else "Den er allerede arkiveret."
            changed = "Nogen har rettet den imens. Læs den igen, og gentag så."
            return self.confirm(now, gone if over else changed, status=409)
        messages.success(request, f"{obj} er {'gendannet' if self.restore else 'arkiveret'}.")
        return HttpResponseRedirect(self.url("detail", obj))


class HistoryView(ModelView):
    """All changes of one row, newest first, as before → after."""

    template_name = "ui/history.html"

    def changes(self, obj: Any) -> QuerySet[Change]:
        """What belongs to the row's history; a subclass may add rows that are part of it."""
        return history.changes_of(obj)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        page: Page[Change] = paginate(self.changes(obj).select_related("actor"), request.GET, 50)
        entries = reading.readable(page.object_list, request.user, formats.plain)
        return self.page(
            {"object": obj, "page": page, "entries": entries, "may_change": may(request.user, "change", obj)}
        )
