"""People and absences in the administration. The forms' rules are the portal's own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from foi_portal.ui.admin import ArchivableAdmin, ArchivedFilter, PortalAdmin, PortalForm
from registry.admin import ABOUT, READ_ONLY
from roles.forms.people import AbsenceForm, PersonForm
from roles.models import Absence, Person


class PersonAdminForm(PortalForm, PersonForm):
    unit: Any = None  # the type-ahead is the administration's own
    left_anyway: Any = None  # here nobody is asked about roles
    asks = False

    class Meta(PersonForm.Meta):
        fields = PersonForm.Meta.fields


@admin.register(Person)
class PersonAdmin(PortalAdmin):
    """Nobody is archived here: who leaves gets a date, and a double is merged on its own page in the portal."""

    form = PersonAdminForm
    list_display = ("name", "email", "title", "unit", "active_from", "active_to")
    list_filter = (ArchivedFilter,)
    search_fields = ("name", "email", "title")
    search_help_text = "Søg i navn, e-mail og titel."
    list_select_related = ("unit",)
    autocomplete_fields = ("unit",)
    readonly_fields = (*READ_ONLY, "merged_into")
    fieldsets = (
        ("Person", {"fields": ("name", "title", "email", "phone")}),
        ("Ansættelse", {"fields": ("unit", "active_from", "active_to", "user")}),
        ("Om rækken", {"classes": ("collapse",), "fields": (*READ_ONLY, "merged_into")}),
    )


class AbsenceAdminForm(PortalForm, AbsenceForm):
    stand_in: Any = None

    class Meta(AbsenceForm.Meta):
        fields = ("person", *AbsenceForm.Meta.fields)  # type: ignore[assignment]


@admin.register(Absence)
class AbsenceAdmin(ArchivableAdmin):
    form = AbsenceAdminForm
    list_display = ("person", "since", "until", "stand_in", "changed_on")
    list_filter = (ArchivedFilter,)
    search_fields = ("person__name", "person__email")
    search_help_text = "Søg i personens navn og e-mail."
    list_select_related = ("person", "stand_in")
    autocomplete_fields = ("person", "stand_in")
    readonly_fields = READ_ONLY
    fieldsets = (("Fravær", {"fields": ("person", "since", "until", "stand_in")}), ABOUT)
