"""The base of every list's filter: knows its tags (what is set, and the address without it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import QueryDict
from django.utils.functional import cached_property

from foi_portal.ui.forms import shorten

ARCHIVED = (("", "Ikke arkiverede"), ("ja", "Kun arkiverede"), ("alle", "Alle"))


class FilterSet(django_filters.FilterSet):  # type: ignore[misc]
    """A filter whose fields are all optional; what does not validate is ignored, never an error page."""

    seldom: tuple[str, ...] = ("archived",)  # shown under «Flere filtre»

    archived = django_filters.ChoiceFilter(
        label="Arkiverede", choices=ARCHIVED[1:], empty_label=ARCHIVED[0][1], method="filter_archived"
    )

    def filter_archived(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(archived_at=None) if value == "ja" else rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("archived") else rows.filter(archived_at=None)

    @property
    def qs(self) -> QuerySet[Any]:
        if not hasattr(self, "_qs"):
            self.form.is_valid()
            self._qs = self.filter_queryset(self.queryset.all())
        return self._qs

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meant: dict[str, str] = {}  # what a filter took a typed text to mean, by its name

    @property
    def often_fields(self) -> list[Any]:
        return [bound for bound in self.form if bound.name not in self.seldom]

    @property
    def seldom_fields(self) -> list[Any]:
        return [bound for bound in self.form if bound.name in self.seldom]

    @property
    def seldom_used(self) -> bool:
        """Whether one of the seldom filters is set, so that they must be in sight."""
        return any(self.data.get(name) for name in self.seldom)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form that changes something else must carry along: all but columns and page."""
        return [
            (k, v) for k, values in self.data.lists() for v in values if k not in ("col", "page", "_export")
        ]

    @cached_property
    def tags(self) -> list[dict[str, str]]:
        """The filters that were asked for; see ``tags_of``."""
        return tags_of(self.form, self.data, self.meant)


def tags_of(form: Form, data: QueryDict, meant: Mapping[str, str] = {}) -> list[dict[str, str]]:
    """The fields of a judged form that were filled in: label, value as a person reads it, the address without it.

    One that means nothing is among them and says so: the page must not look as if it were filtered by it.
    ``meant`` is what typed texts were taken to mean, by field.
    """
    tags = []
    for name, field in form.fields.items():
        raw = data.get(name, "").strip()
        if raw == "":
            continue
        value = form.cleaned_data.get(name)
        query = data.copy()
        query.pop(name)
        query.pop("page", None)
        shown = f"{shorten(raw)} (kendes ikke)"
        if value not in (None, ""):
            shown = meant.get(name) or _shown(field, value)
        tags.append({"label": str(field.label), "value": shown, "url": f"?{query.urlencode()}"})
    return tags


def _shown(field: Any, value: Any) -> str:
    if isinstance(value, Model):
        return str(value)
    choices = getattr(field, "choices", ())
    return next((str(text) for key, text in choices if str(key) == str(value)), shorten(str(value)))
