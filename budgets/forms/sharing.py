"""How a component's cost is shared: the key, and a row for each organisation that pays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from budgets import shares
from budgets.models import ShareKey, Sharing
from budgets.prices import danish
from budgets.sharing_out import PAYING, exists_in
from foi_portal.core.fields import CodeField
from registry.forms import organisations
from registry.models import OrganisationKind

MOST_ROWS = 200
LARGEST = Decimal(99_999_999)
PLACES = Decimal("0.0001")
HUNDRED = Decimal(100)
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
ROW_FIELD = re.compile("n(0|[1-9][0-9]{0,3})-[a-z]+")
NOT_A_NUMBER = "Skriv et tal, fx 12 eller 12,5."


class WeightField(forms.CharField):
    """A per cent or a number of users as people write it: ``12,5 %``, ``1.200``. ``None`` when nothing is written."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        written = "".join(str(value or "").split()).removesuffix("%")
        if not written:
            return None
        if _THOUSANDS.fullmatch(written):
            written = written.replace(".", "")
        if not _NUMBER.fullmatch(written) or len(written) > 20:
            raise ValidationError(NOT_A_NUMBER)
        number = Decimal(written.replace(",", "."))
        if number > LARGEST:
            raise ValidationError("Tallet er for stort.")
        if number != number.quantize(PLACES):
            raise ValidationError("Skriv højst fire decimaler.")
        return number

    def prepare_value(self, value: Any) -> Any:
        return danish(value) if isinstance(value, Decimal) else value

    def validate(self, value: Any) -> None:
        """Nothing written is for the row to judge."""

    def run_validators(self, value: Any) -> None:
        """What a text must be does not hold for a number."""


class SharingForm(forms.ModelForm[Sharing]):
    departments_only = forms.TypedChoiceField(
        label="Kun det, forvaltningerne finansierer",
        choices=(("False", "Nej, del hele omkostningen"), ("True", "Ja, lad resten ligge, hvor den er")),
        coerce=lambda value: value == "True",
    )

    class Meta:
        model = Sharing
        fields = ("key", "departments_only", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["prefix"] = "s"  # ``key`` alone is the row's own key in an edit form
        super().__init__(*args, **kwargs)
        self.fields["key"].error_messages["required"] = "Vælg en fordelingsnøgle."


class ShareRow(forms.Form):
    """One organisation's part. A row without a number counts for nothing."""

    organisation = organisations(label="Hvem betaler", required=False, help_text="")
    weight = WeightField(label="Andel", required=False)

    def __init__(self, number: int, key: str, year: int, *args: Any, **kwargs: Any) -> None:
        self.key, self.year = key, year
        kwargs["prefix"] = f"n{number}"
        super().__init__(*args, **kwargs)

    @property
    def row_label(self) -> str:
        """Id of what names the row to who cannot see it."""
        return f"r-{self.prefix}"

    @property
    def said(self) -> str:
        return str(self["organisation"].value() or "")

    def clean_organisation(self) -> Any:
        found = self.cleaned_data["organisation"]
        if found is None or not self.data.get(self.add_prefix("weight"), "").strip():
            return found
        if found.kind not in PAYING:
            kind = OrganisationKind(found.kind).label.lower()
            raise ValidationError(f"{found} er registreret som {kind} og kan ikke betale en andel.")
        if not exists_in(self.year, found.valid_from, found.valid_to):
            raise ValidationError(f"{found} findes ikke i {self.year}. Vælg den, der har opgaven det år.")
        return found

    def clean_weight(self) -> Decimal | None:
        weight: Decimal | None = self.cleaned_data["weight"]
        if weight is None:
            return None
        if self.key == ShareKey.PERCENT and weight > HUNDRED:
            raise ValidationError(f"{danish(weight)} er mere end 100 %.")
        if self.key == ShareKey.USERS and weight != weight.to_integral_value():
            raise ValidationError("Antal brugere er et helt tal.")
        return weight

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("weight") and "organisation" in data and data["organisation"] is None:
            self.add_error("organisation", "Skriv, hvem der betaler andelen.")
        return data


def find_all(rows: Sequence[ShareRow]) -> None:
    """Look all the rows' organisations up at once, so that their number costs no queries."""
    if rows:
        field: Any = rows[0].fields["organisation"]
        texts = field.texts(row.data.get(row.add_prefix("organisation"), "") for row in rows)
        known = field.find_all(texts) if texts else {}
        for row in rows:
            row.fields["organisation"].known = known  # type: ignore[attr-defined]


def parts_of(form: SharingForm, rows: Sequence[ShareRow]) -> dict[int, Decimal] | None:
    """The weights by organisation, or ``None`` with the errors on the form and its rows. All of it is judged."""
    valid = [it.is_valid() for it in (form, *rows)]
    key = form.cleaned_data.get("key", "")
    if not all(valid):
        return None
    if key == ShareKey.SYSTEMS:
        return {}
    parts: dict[int, Decimal] = {}
    for row in rows:
        organisation, weight = row.cleaned_data["organisation"], row.cleaned_data["weight"]
        if organisation is None or not weight:
            continue
        if organisation.pk in parts:
            row.add_error(
                "organisation", f"{organisation} står der to gange. Skriv den samlede andel ét sted."
            )
            return None
        parts[organisation.pk] = Decimal(1) if key == ShareKey.EQUAL else weight
    try:
        if key == ShareKey.PERCENT:
            shares.percentages(parts)
        elif not parts:
            raise shares.CannotShare(
                "Der er ingen at dele med. Skriv et tal over 0 ved dem, der skal betale."
            )
    except shares.CannotShare as error:
        form.add_error(None, str(error))
        return None
    return parts


def written_parts(parts: dict[str, Decimal]) -> str:
    """The parts by organisation code as one text, for a form to carry: ``AHF=20;BSF=55.5``."""
    return ";".join(f"{code}={weight.normalize():f}" for code, weight in sorted(parts.items()))


def read_parts(text: str) -> dict[str, str]:
    """``written_parts`` the other way, without judging: code and number as they stand."""
    pairs = (pair.partition("=") for pair in text.split(";")[:MOST_ROWS] if pair)
    normal = CodeField().get_prep_value
    return {str(normal(code)): number.replace(".", ",") for code, _, number in pairs}


__all__ = [
    "MOST_ROWS",
    "ROW_FIELD",
    "ShareRow",
    "SharingForm",
    "find_all",
    "parts_of",
    "read_parts",
    "written_parts",
]
