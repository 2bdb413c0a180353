"""Form fields of certificates: the assets that use one, and numbers in hex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from foi_portal.ui.forms import as_choice
from registry.certificates.hexes import tidy
from registry.forms import assets
from registry.models import Asset

BLANKS = 3  # empty fields for one asset more


class SeveralInputs(forms.Widget):
    """Several text fields of one name, read as lines. One hidden field with all the lines is understood too."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        if name not in data:
            return None
        sent = data.getlist(name) if hasattr(data, "getlist") else [data[name]]
        lines = (line.strip() for value in sent for line in str(value).splitlines())
        return "\n".join(line for line in lines if line)

    def format_value(self, value: Any) -> str:
        return "" if value is None else str(value)


class AssetsField(forms.Field):
    """Components and systems, each by code or name. Goes in as lines of text, comes out as a queryset.

    Those that stand there already may be archived; others may not. A few queries, whatever the number.
    """

    widget = SeveralInputs
    lookup = "asset-lookup"

    def __init__(self, **kwargs: Any) -> None:
        self.one = assets(required=False)
        self.present: set[int] = set()  # keys of those that stand there
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> str:
        """Assets or their keys as the lines that are typed."""
        if value is None or isinstance(value, str):
            return value or ""
        keys = [each.pk if isinstance(each, Model) else each for each in value]
        return "\n".join(as_choice(row) for row in Asset.objects.filter(pk__in=keys).order_by("code"))

    def clean(self, value: Any) -> QuerySet[Asset]:
        lines = list(dict.fromkeys(self.one.texts((value or "").splitlines())))
        found: Mapping[str, Any] = self.one.find_all(lines) if lines else {}
        faults, keys = [], set()
        for line in lines:
            row = found[line]
            if isinstance(row, ValidationError):
                faults += row.messages
            elif row.pk not in self.present and (refusal := self.one.refusal(row)):
                faults.append(refusal)
            else:
                keys.add(row.pk)
        if faults:
            raise ValidationError(faults)
        return Asset.objects.filter(pk__in=keys)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != (data or "")


class HexField(forms.CharField):
    """A number in hex, with or without signs between; comes out in lower case without them."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return tidy(value) if isinstance(value, str) else value


class SerialField(HexField):
    """A serial number: zeroes before it do not count, for those who show it differ about them."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return (value.lstrip("0") or "0") if isinstance(value, str) and value else value


def rows_of(bound: Any) -> list[tuple[int, str]]:
    """Number and text of each input of an ``AssetsField``: what is chosen, and some blank."""
    lines = str(bound.value() or "").splitlines() if bound.value() else []
    return list(enumerate([*lines, *[""] * BLANKS], start=1))


__all__ = ["AssetsField", "HexField", "SerialField", "rows_of"]
