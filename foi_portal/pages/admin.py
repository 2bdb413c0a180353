"""Users, groups and the history in the administration.

Here and not in ``core``, because the bottom floor knows nothing of the screens' shared layer.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet
from django.db.models.functions import Collate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from foi_portal.core.fields import DANISH
from foi_portal.core.history import reading, tracked_models
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import GROUPS
from foi_portal.ui import formats
from foi_portal.ui.admin import CappedPaginator, PortalAdmin, ReadingAdmin

VERBS = {"view": "se", "add": "oprette", "change": "rette"}
NOT_FOR_GROUPS = ("admin", "contenttypes", "sessions")


@admin.register(User)
class PortalUserAdmin(PortalAdmin, UserAdmin):  # type: ignore[type-arg]
    """Users get their rights from groups alone, and are made inactive, never deleted."""

    list_display = ("username", "full_name", "email", "in_groups", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_help_text = "Søg i brugernavn, navn og e-mail."
    ordering = (Collate("first_name", DANISH), Collate("last_name", DANISH), "username")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Adgang",
            {
                "fields": ("is_active", "groups", "is_staff"),
                "description": "Grupperne bestemmer, hvad brugeren må. Brugere slettes ikke: gør dem inaktive.",
            },
        ),
        ("Datoer", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers change a superuser: otherwise a new password would give all rights away."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    @admin.display(description="navn", ordering=Collate("first_name", DANISH))
    def full_name(self, obj: User) -> str:
        return obj.get_full_name()

    @admin.display(description="grupper")
    def in_groups(self, obj: User) -> str:
        return ", ".join(sorted(group.name for group in obj.groups.all()))


class PermissionsField(forms.ModelMultipleChoiceField[Permission]):
    """Rights in Danish: "fagsystemer: rette"."""

    def label_from_instance(self, obj: Permission) -> str:
        model = obj.content_type.model_class()
        verb = obj.codename.partition("_")[0]
        if model is None or verb not in VERBS:
            return obj.name
        return f"{model._meta.verbose_name_plural}: {VERBS[verb]}"


admin.site.unregister(Group)


@admin.register(Group)
class PortalGroupAdmin(PortalAdmin, GroupAdmin):
    """The five groups are the code's (``core.permissions``): names and rights are read only, for every migration
    sets them again. Other groups are free. No right to delete can be given."""

    fields = ("name", "permissions")
    filter_horizontal = ()
    search_help_text = "Søg i navn."
    ordering = (Collate("name", DANISH),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "permissions") if obj is not None and obj.name in GROUPS else ()

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        kwargs["form_class"] = PermissionsField
        kwargs["queryset"] = (
            Permission.objects.exclude(codename__startswith="delete_")
            .exclude(content_type__app_label__in=NOT_FOR_GROUPS)
            .exclude(content_type__model="permission")
            .order_by("content_type__app_label", "content_type__model", "codename")
        )
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class TableFilter(admin.SimpleListFilter):
    title = "slags række"
    parameter_name = "table"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (model._meta.db_table, str(model._meta.verbose_name_plural).capitalize())
            for model in tracked_models()
            if not model._meta.auto_created and request.user.has_perm(reading.permission(model))
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(table=self.value()) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(ReadingAdmin):
    """The whole history, newest first. Each sees the changes of what they may see: users' only to administrators."""

    list_display = ("at", "title", "noun", "done", "who", "kind", "reason")
    list_filter = (TableFilter, "kind", "operation", "at")
    search_fields = ("reason", "actor__username")
    search_help_text = "Søg i begrundelse og brugernavn."
    ordering = ("-id",)
    sortable_by = ()
    paginator = CappedPaginator
    fields = ("at", "title", "noun", "done", "who", "kind", "reason", "act", "row_version", "differences")
    readonly_fields = ("title", "noun", "done", "who", "act", "differences")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reading.visible_to(request.user, super().get_queryset(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        read = {e.change.pk: e for e in reading.readable(changelist.result_list, request.user, formats.plain)}
        for change in changelist.result_list:
            change.entry = read[change.pk]
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        change = super().get_object(request, object_id, from_field)
        if change is not None:
            change.entry = reading.readable([change], request.user, formats.plain)[0]
        return change

    @admin.display(description="række")
    def title(self, obj: Any) -> SafeString | str:
        url = obj.entry.url
        return format_html('<a href="{}">{}</a>', url, obj.entry.title) if url else obj.entry.title

    @admin.display(description="slags række")
    def noun(self, obj: Any) -> str:
        return str(obj.entry.noun)

    @admin.display(description="handling")
    def done(self, obj: Any) -> str:
        return str(obj.entry.operation)

    @admin.display(description="hvem")
    def who(self, obj: Any) -> str:
        return str(obj.entry.who)

    @admin.display(description="ændringssæt")
    def act(self, obj: Change) -> SafeString:
        return format_html(
            '<a href="{}">Hele ændringssættet</a>', reverse("changeset", args=[obj.change_set])
        )

    @admin.display(description="før → efter")
    def differences(self, obj: Any) -> SafeString:
        return format_html_join(
            "",
            "<div><strong>{}:</strong> {} → {}</div>",
            ((d.label, d.before or "tom", d.after or "tom") for d in obj.entry.differences),
        )
