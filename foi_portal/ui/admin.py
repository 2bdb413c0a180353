"""The base of every page of the administration: the same rules as the portal's own pages.

Rights come from ``core.permissions``, nothing is deleted, a form made from another version than the present one
gets the conflict page, and what is shown as history is the portal's history. Django's own log is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets, quote, unquote
from django.contrib.admin.widgets import AdminDateWidget, AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db import DataError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property

from foi_portal.core import history
from foi_portal.core.history import reading
from foi_portal.core.middleware import SAFE_METHODS
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, formats
from foi_portal.ui.forms import DateField
from foi_portal.ui.site import choice_text
from foi_portal.ui.views import paginate

ARCHIVED_AT_ONCE = 500
HISTORY_PAGE = 50
KEY_LENGTH = 18  # digits that a row's key can have


class Checks(forms.CheckboxSelectMultiple):
    """Checkboxes that also understand several keys in one value, which is how the conflict page sends them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        sent = super().value_from_datadict(data, files, name) or []
        return [key[:KEY_LENGTH] for value in sent for key in str(value).split(",") if key]


class Typeahead(AutocompleteSelect):
    """Django's type-ahead, which does not fall over when what came in was no key."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if is_key(str(key))], attrs)


def is_key(text: str) -> bool:
    """Whether ``text`` can be the key of a row on both databases."""
    return text.isdecimal() and len(text) <= KEY_LENGTH


class ChoiceField(forms.ModelChoiceField[Any]):
    """One row, written with its code where it has one."""

    def label_from_instance(self, obj: Any) -> str:
        return choice_text(obj)


class PortalForm(forms.ModelForm[Any]):
    """A portal form in the administration: its date fields get the administration's calendar."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, DateField):
                field.widget = AdminDateWidget(attrs={"placeholder": "dd-mm-åååå"}, format="%d-%m-%Y")


class ReadingAdmin(admin.ModelAdmin[Any]):
    """What may only be looked at, and the lists' common size. Asks for the right to view."""

    list_per_page = 100
    list_max_show_all = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions_on_top = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "view", obj or self.model) or self.has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list. What no date or number can be (``at__year=-1``) is a wrong filter, not a fault of ours."""
        try:
            return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:
            raise IncorrectLookupParameters(error) from error

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The portal's history of the row; 404 for rows that have none."""
        obj = self._row(request, object_id)
        if obj._meta.concrete_model not in history.tracked_models():
            raise Http404("Den slags har ingen historik.")
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        page = paginate(history.changes_of(obj).select_related("actor"), request.GET, HISTORY_PAGE)
        entries = reading.readable(page.object_list, request.user, formats.plain)
        context = {"page": page, "entries": entries, **(extra_context or {})}
        return self._page(request, "admin/history.html", f"Historik for {obj}", obj, context)

    def _row(self, request: HttpRequest, object_id: str) -> Any:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404(f"{self.opts.verbose_name} findes ikke.")
        return obj

    def _page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        obj: Any,
        context: dict[str, Any],
        status: int = 200,
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        common = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "object": obj}
        return TemplateResponse(request, template, common | context, status=status)


class PortalAdmin(ReadingAdmin):
    """What is added and changed here: reason, version and conflict page as in the portal."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "add", self.model)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "change", self.model)  # a right to single rows is to the portal's own pages

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("form_class", ChoiceField)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Typeahead(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("widget", Checks)
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[arg-type]
        if field is not None:
            field.help_text = ""  # which keys to hold down is of no use with checkboxes
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the small icons that open rows in pop-ups: those would go round the pages of the rows."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add and change. A post is recorded with its reason, and refused when it is made from another version."""
        extra = {"reason": request.POST.get("reason", ""), **(extra_context or {})}
        if request.method in SAFE_METHODS:
            if object_id is not None:
                # Before the row is read: then somebody in between gives a conflict, never a lost change.
                found = self.get_object(request, unquote(object_id))
                extra["version"] = conflicts.version_of(found) if found else None
            return super().changeform_view(request, object_id, form_url, extra)
        with history.recording(reason=request.POST.get("reason", "")):
            if object_id is not None:
                extra["version"] = conflicts.submitted_version(request.POST)
                refused = self._refuse_stale(request, object_id)
                if refused is not None:
                    return refused
            return super().changeform_view(request, object_id, form_url, extra)

    def _refuse_stale(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """The conflict page (409) unless the submitted version is the present one. Locks the row."""
        found = self.get_object(request, unquote(object_id))
        if found is None or not self.has_change_permission(request, found):
            return None  # Django's own answer
        rows = self.model._default_manager
        mine = rows.select_for_update(of=("self",)).get(pk=found.pk)
        current = rows.get(pk=found.pk)
        version = conflicts.submitted_version(request.POST)
        if version == conflicts.version_of(current):
            return None
        names = flatten_fieldsets(self.get_fieldsets(request, current))
        form = self.get_form(request, mine, change=True, fields=names)(
            request.POST, request.FILES, instance=mine
        )
        form.is_valid()
        context = {
            "conflict": conflicts.build(form, current, version),
            "reason": request.POST.get("reason", ""),
            "cancel_url": request.get_full_path(),
        }
        title = f"I har begge rettet {current}"
        return self._page(request, "admin/conflict.html", title, current, context, status=409)

    # The history is written by the database; a second log would only disagree with it.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None


class ArchivedFilter(admin.SimpleListFilter):
    """Archived rows are left out until somebody asks for them, as in the portal's lists."""

    title = "arkivering"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ja", "Kun arkiverede"), ("alle", "Alle")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        unset, *others = super().choices(changelist)
        yield {**unset, "display": "Ikke arkiverede"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "alle":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "ja")


class ArchivableAdmin(PortalAdmin):
    """Rows that are archived with a reason and restored: chosen in the list, or one from its own page."""

    actions = ("archive", "restore")
    change_form_template = "admin/archivable_form.html"

    @admin.display(description="sidst ændret", ordering="updated_at")
    def changed_on(self, row: Any) -> str:
        """The day alone: the clock belongs to the history, and a list is narrow."""
        return formats.date(timezone.localtime(row.updated_at))

    def view_on_site(self, obj: Any) -> str:
        """The portal's page of the row as it is stored: a refused form may hold a code that makes no address."""
        return str(self.model._default_manager.get(pk=obj.pk).get_absolute_url())

    def standing_in_the_way(self, keys: list[Any]) -> list[models.Model]:
        """Rows that still lean on those with the keys: a warning, not a hindrance."""
        return []

    @admin.action(description="Arkivér valgte %(verbose_name_plural)s", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._from_list(request, queryset, restore=False)

    @admin.action(description="Gendan valgte %(verbose_name_plural)s", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._from_list(request, queryset, restore=True)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("<path:object_id>/arkiver/", self._one(restore=False), name=f"{name}_archive"),
            path("<path:object_id>/gendan/", self._one(restore=True), name=f"{name}_restore"),
        ]
        return [*own, *super().get_urls()]

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        if not all(is_key(key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("Det valgte er ikke rækker.")
        return super().response_action(request, queryset, *args, **kwargs)

    def _one(self, restore: bool) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self._row(request, object_id)
            if not self.has_change_permission(request, obj):
                raise PermissionDenied
            back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(obj.pk)])
            return self._archive(request, [obj.pk], restore, back) or HttpResponseRedirect(back)

        guarded: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
        return guarded

    def _from_list(self, request: HttpRequest, queryset: Any, restore: bool) -> HttpResponse | None:
        keys = list(queryset.order_by().values_list("pk", flat=True)[: ARCHIVED_AT_ONCE + 1])
        if len(keys) > ARCHIVED_AT_ONCE:
            text = f"Vælg højst {ARCHIVED_AT_ONCE} ad gangen."
            self.message_user(request, text, messages.WARNING)
            return None
        return self._archive(request, keys, restore, request.get_full_path())

    def _archive(
        self, request: HttpRequest, keys: list[Any], restore: bool, back: str
    ) -> HttpResponse | None:
        """The page that asks for a reason; ``None`` when it is done or there is nothing to do."""
        rows = self.model._default_manager.filter(pk__in=keys, archived_at__isnull=not restore)
        if self.list_select_related:
            rows = rows.select_related(*self.list_select_related)  # type: ignore[misc]
        confirmed = request.method == "POST" and "confirmed" in request.POST
        found = list(rows.select_for_update(of=("self",)) if confirmed else rows)
        versions = ",".join(f"{row.pk}:{row.version}" for row in sorted(found, key=lambda row: row.pk))
        done = "gendannet" if restore else "arkiveret"
        error, status = "", 200
        if confirmed:
            reason = history.tidy(request.POST.get("reason", ""))
            if request.POST.get("versions", "") != versions:
                error, status = "Nogen har rettet imens. Læs listen igen, og gentag så.", 409
            elif found and not restore and not reason:
                error, status = "Skriv, hvorfor der arkiveres.", 422
            else:
                with history.recording(reason=reason):
                    rows.model._default_manager.filter(pk__in=[row.pk for row in found]).update(
                        archived_at=None if restore else timezone.now(),
                        archive_reason="" if restore else reason,
                    )
        if not found and not error:
            self.message_user(request, f"Alt det valgte er allerede {done}.", messages.WARNING)
            return None
        if confirmed and not error:
            what = str(found[0]) if len(found) == 1 else f"{len(found)} {self.opts.verbose_name_plural}"
            self.message_user(request, f"{what} er {done}.", messages.SUCCESS)
            return None
        keys = [row.pk for row in found]
        context = {
            "restore": restore,
            "error": error,
            "rows": found,
            "keys": keys,
            "versions": versions,
            "reason": request.POST.get("reason", ""),
            "action": request.POST.get("action", ""),
            "standing_in_the_way": [] if restore else self.standing_in_the_way(keys),
            "cancel_url": back,
        }
        verb = "Gendan" if restore else "Arkivér"
        one = found[0] if len(found) == 1 else None
        title = f"{verb} {one or f'{len(found)} {self.opts.verbose_name_plural}'}"
        return self._page(request, "admin/archive.html", title, one, context, status)


class CappedPaginator(Paginator[Any]):
    """For tables with millions of rows: counts no further than ``most``, and filters find the rest."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.most].count())


__all__ = [
    "ArchivableAdmin",
    "ArchivedFilter",
    "CappedPaginator",
    "Checks",
    "PortalAdmin",
    "PortalForm",
    "ReadingAdmin",
]
