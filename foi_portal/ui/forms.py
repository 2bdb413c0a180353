"""Form fields and their HTML in dkfds markup, written in Python because a page can have hundreds of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

SEPARATOR = " · "
DATE_FORMATS = ["%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d", "%d-%m-%y"]


class DateField(forms.DateField):
    """A date written the Danish way, 31-12-2026; dots, slashes and 2026-12-31 are understood too."""

    help_for_invalid = "Skriv datoen som dag, måned og år, fx 31-12-2026."

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", DATE_FORMATS)
        kwargs.setdefault("widget", forms.DateInput(format="%d-%m-%Y", attrs={"placeholder": "dd-mm-åååå"}))
        super().__init__(**kwargs)
        self.error_messages["invalid"] = self.help_for_invalid

    def to_python(self, value: Any) -> datetime.date | None:
        day = super().to_python(value)
        if day is not None and not 1900 <= day.year <= 2200:
            raise ValidationError("Årstallet skal ligge mellem 1900 og 2200.")
        return day


class YearOrDateField(DateField):
    """A date, or a year alone, which is kept as its first of January and shown as the year."""

    help_for_invalid = "Skriv datoen som dag, måned og år, fx 31-12-2026, eller kun årstallet."

    def to_python(self, value: Any) -> datetime.date | None:
        if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) == 4:
            value = f"01-01-{value.strip()}"
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime.date) and (value.month, value.day) == (1, 1):
            return str(value.year)
        return super().prepare_value(value)


SUGGESTED = 3  # unknown texts of one table that are looked into: each costs a search


class RowChoiceField(forms.CharField):
    """Picks one row by what is typed: a text field that a script upgrades to type-ahead.

    Never a select with all of them: there may be 20,000. What comes in is what ``written`` gives, or less as the
    subclass' ``find_all`` allows; what goes out is the row, or None when empty and not required. The row that
    stands there already is never refused.
    """

    def __init__(self, queryset: QuerySet[Any], lookup: str, **kwargs: Any) -> None:
        self.queryset = queryset
        self.lookup = lookup
        self.present: Any = None  # key of the row that stands there already
        self.known: Mapping[str, Any] = {}  # answers of ``find_all`` that were asked for in advance
        kwargs.setdefault("max_length", 300)
        super().__init__(**kwargs)

    @property
    def lookup_url(self) -> str:
        """Where the type-ahead asks; ``lookup`` is a url name with an optional ?query."""
        name, _, query = self.lookup.partition("?")
        return reverse(name) + (f"?{query}" if query else "")

    def written(self, row: Any) -> str:
        """How a row stands in the field; ``find_all`` reads it again."""
        raise NotImplementedError

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        """What each text means: a row, or the ValidationError to raise. Few queries, whatever the number of texts."""
        raise NotImplementedError

    def refusal(self, row: Any) -> str:
        """Why a row that is found cannot be chosen anew, in Danish; empty when it can."""
        return ""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        present = form.get_initial_for_field(self, field_name)
        self.present = getattr(present, "pk", present)
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Model):
            return self.written(value)
        if value and not isinstance(value, str):
            found = self.queryset.filter(pk=value).first()
            return self.written(found) if found else value
        return value

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        found = self.known[typed] if typed in self.known else self.find_all([typed])[typed]
        if isinstance(found, ValidationError):
            raise found
        if found.pk != self.present and (refusal := self.refusal(found)):
            raise ValidationError(refusal)
        return found

    def texts(self, values: Iterable[Any]) -> list[str]:
        """Those of the raw values that can name a row, as ``clean`` reads them."""
        texts = []
        for value in values:
            with suppress(ValidationError):
                texts.append(super().clean(value))
        return [text for text in texts if text]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class CodeChoiceField(RowChoiceField):
    """A row with a code: "STS", "STS · Støttesystemerne" or the exact name "Støttesystemerne".

    An archived row is refused. ``suggest`` gives the codes most like an unknown text.
    """

    def __init__(
        self,
        queryset: QuerySet[Any],
        lookup: str,
        suggest: Callable[[str], Iterable[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.suggest = suggest
        super().__init__(queryset, lookup, **kwargs)

    def written(self, row: Any) -> str:
        return as_choice(row)

    def refusal(self, row: Any) -> str:
        archived = getattr(row, "is_archived", False)
        return f"{row} er arkiveret. Gendan den først, eller vælg en anden." if archived else ""

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        """What each text means: a row, or the ValidationError to raise, with the nearest codes.

        Two queries, and a search for each of the first ``SUGGESTED`` texts that mean nothing.
        """
        codes = {text: text.split(SEPARATOR, maxsplit=1)[0].strip() for text in texts}
        normal = self.queryset.model._meta.get_field("code").get_prep_value
        coded = {row.code: row for row in self.queryset.filter(code__in=set(codes.values()))}
        found: dict[str, Any] = {text: coded.get(normal(code)) for text, code in codes.items()}
        missing = [text for text, row in found.items() if row is None]
        named: dict[str, list[Any]] = {}
        if missing:
            lower = self.queryset.annotate(lower_name=Lower("name"))
            for row in lower.filter(lower_name__in={text.lower() for text in missing}):
                named.setdefault(row.name.lower(), []).append(row)
        unknown = 0
        for text in missing:
            rows = named.get(text.lower(), [])
            rows = [row for row in rows if not getattr(row, "is_archived", False)] or rows
            if len(rows) == 1:
                found[text] = rows[0]
            elif rows:
                found[text] = ValidationError(f"Flere hedder «{text}». Skriv koden i stedet.")
            else:
                near = self._suggestions(codes[text]) if unknown < SUGGESTED else ""
                found[text] = ValidationError(f"«{shorten(text)}» findes ikke.{near}")
                unknown += 1
        return found

    def _suggestions(self, code: str) -> str:
        near = list(self.suggest(code)) if self.suggest else []
        return f" Mente du {' eller '.join(near)}?" if near else ""


def as_choice(row: Any) -> str:
    """How a row is written in a CodeChoiceField: code, separator, name."""
    return f"{row.code}{SEPARATOR}{row.name}"


def shorten(value: str, length: int = 60) -> str:
    """Text that fits in a message."""
    return value if len(value) <= length else f"{value[:length]}…"


def errors_of(bound: BoundField) -> SafeString:
    return mark_safe(
        "".join(
            format_html('<p class="form-error-message" id="{}-error">{}</p>', bound.id_for_label, e)
            for e in bound.errors
        )
    )


def control(bound: BoundField, **attrs: Any) -> SafeString:
    """The input, select or textarea of a bound field alone; ``attrs`` are added (aria-labelledby …)."""
    field, widget = bound.field, bound.field.widget
    described = [f"{bound.id_for_label}-hint"] if field.help_text and "aria_labelledby" not in attrs else []
    described += [f"{bound.id_for_label}-error"] if bound.errors else []
    base: dict[str, Any] = {
        **bound.build_widget_attrs({}, widget),
        **{k.replace("_", "-"): v for k, v in attrs.items()},
        "id": bound.id_for_label,
        "name": bound.html_name,
        "aria-describedby": " ".join(described) or None,
        "aria-invalid": "true" if bound.errors else None,
    }
    if isinstance(field, RowChoiceField) and field.lookup:
        base |= {"autocomplete": "off", "data-lookup": field.lookup_url}
    base.pop("required", None)  # the server's message is better than the browser's, and it is in Danish
    value = bound.value()
    if isinstance(widget, forms.Select):
        return _select(base, widget.choices, value)
    text = widget.format_value(value) if hasattr(widget, "format_value") else value
    if isinstance(widget, forms.Textarea):
        base.pop("cols", None)
        base |= {"class": "form-input", "rows": base.get("rows", 3)}
        return format_html("<textarea{}>\n{}</textarea>", flatatt(base), text or "")
    base |= {
        **{k: v for k, v in widget.attrs.items() if k not in base},
        "type": getattr(widget, "input_type", "text"),
        "class": "form-input",
        "value": text if text is not None else None,
    }
    return format_html("<input{}>", flatatt(base))


def _select(attrs: dict[str, Any], choices: Iterable[Any], value: Any) -> SafeString:
    values = (
        {str(v) for v in value} if isinstance(value, (list, tuple)) else {"" if value is None else str(value)}
    )
    options = "".join(
        f'<option value="{conditional_escape(key)}"{" selected" if str(key) in values else ""}>'
        f"{conditional_escape(text)}</option>"
        for key, text in ((str(k), t) for k, t in choices)
    )
    return format_html("<select{}>{}</select>", flatatt(attrs | {"class": "form-select"}), mark_safe(options))


def group(bound: BoundField, css: str = "", optional: bool = True) -> SafeString:
    """A whole dkfds form group: label, error, control, hint. What is optional says "(frivilligt)"."""
    if bound.is_hidden:
        return bound.as_hidden()
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return tick(bound, css)
    mark = (
        mark_safe(' <span class="weight-normal">(frivilligt)</span>')
        if optional and not bound.field.required
        else ""
    )
    hint = (
        format_html('<span class="form-hint" id="{}-hint">{}</span>', bound.id_for_label, bound.help_text)
        if bound.help_text
        else ""
    )
    return format_html(
        '<div class="form-group{}{}"><label class="form-label" for="{}">{}{}</label>{}{}{}</div>',
        " form-error" if bound.errors else "",
        f" {css}" if css else "",
        bound.id_for_label,
        bound.label,
        mark,
        errors_of(bound),
        control(bound),
        hint,
    )


def tick(bound: BoundField, css: str = "") -> SafeString:
    """A form group of one checkbox, its label beside it. Never «(frivilligt)»: not ticking is an answer too."""
    described = f"{bound.id_for_label}-hint" if bound.field.help_text else None
    attrs = {
        "type": "checkbox",
        "class": "form-checkbox",
        "id": bound.id_for_label,
        "name": bound.html_name,
        "checked": bool(bound.value()),
        "aria-describedby": described,
        "aria-invalid": "true" if bound.errors else None,
    }
    return format_html(
        '<div class="form-group{}{}"><div class="form-group-checkbox"><input{}>'
        '<label class="form-label" for="{}">{}</label></div>{}{}</div>',
        " form-error" if bound.errors else "",
        f" {css}" if css else "",
        flatatt(attrs),
        bound.id_for_label,
        bound.label,
        errors_of(bound),
        format_html('<span class="form-hint" id="{}">{}</span>', described, bound.field.help_text)
        if described
        else "",
    )
