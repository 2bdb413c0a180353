"""Form fields and their HTML in dkfds markup, written in Python because a page can have hundreds of them."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

SEPARATOR = " · "
DATE_FORMATS = ["%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d", "%d-%m-%y"]


class DateField(forms.DateField):
    """A date written the Danish way, 31-12-2026; dots, slashes and 2026-12-31 are understood too."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", DATE_FORMATS)
        kwargs.setdefault("widget", forms.DateInput(format="%d-%m-%Y", attrs={"placeholder": "dd-mm-åååå"}))
        super().__init__(**kwargs)
        self.error_messages["invalid"] = "Skriv datoen som dag, måned og år, fx 31-12-2026."

    def to_python(self, value: Any) -> datetime.date | None:
        day = super().to_python(value)
        if day is not None and not 1900 <= day.year <= 2200:
            raise ValidationError("Årstallet skal ligge mellem 1900 og 2200.")
        return day


class YearOrDateField(DateField):
    """A date, or a year alone, which is kept as its first of January and shown as the year."""

    def to_python(self, value: Any) -> datetime.date | None:
        if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) == 4:
            value = f"01-01-{value.strip()}"
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime.date) and (value.month, value.day) == (1, 1):
            return str(value.year)
        return super().prepare_value(value)


class CodeChoiceField(forms.CharField):
    """Picks one row by its code or its exact name: a text field that a script upgrades to type-ahead.

    Never a select with all of them: there may be 20,000. What comes in is "STS", "STS · Støttesystemerne"
    or "Støttesystemerne"; what goes out is the row, or None when empty and not required.
    """

    def __init__(self, queryset: QuerySet[Any], lookup: str, **kwargs: Any) -> None:
        self.queryset = queryset
        self.lookup = lookup
        kwargs.setdefault("max_length", 300)
        super().__init__(**kwargs)

    @property
    def lookup_url(self) -> str:
        """Where the type-ahead asks; ``lookup`` is a url name with an optional ?query."""
        name, _, query = self.lookup.partition("?")
        return reverse(name) + (f"?{query}" if query else "")

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Model):
            return as_choice(value)
        if value and not isinstance(value, str):
            found = self.queryset.filter(pk=value).first()
            return as_choice(found) if found else value
        return value

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return self.find(typed) if typed else None

    def find(self, typed: str) -> Any:
        """The row that ``typed`` means; ValidationError with the nearest names when there is none or more."""
        code = typed.split(SEPARATOR, maxsplit=1)[0].strip()
        found = self.queryset.filter(code=code).first()
        if found is not None:
            return found
        named = list(self.queryset.filter(name__iexact=typed.strip())[:2])
        if len(named) == 1:
            return named[0]
        if named:
            raise ValidationError(f"Flere hedder «{typed}». Skriv koden i stedet.")
        raise ValidationError(f"«{shorten(typed)}» findes ikke.{self._suggest(code)}")

    def _suggest(self, typed: str) -> str:
        codes = list(self.queryset.values_list("code", "name")[:20_000])
        names = {name.casefold(): code for code, name in codes} | {code.casefold(): code for code, _ in codes}
        near = difflib.get_close_matches(typed.casefold()[:80], names, n=3, cutoff=0.6)
        return f" Mente du {' eller '.join(dict.fromkeys(names[n] for n in near))}?" if near else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


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
    if isinstance(field, CodeChoiceField):
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
