"""Form fields of budgets: amounts, per cents and components, as people write them."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from budgets.prices import danish
from foi_portal.core.money import BadAmount, parse_amount
from foi_portal.ui.forms import CodeChoiceField
from registry.models import Asset, Kind
from registry.search import nearest_codes

_PERCENT = re.compile(r"^[+-]?\d{1,3}(?:[.,]\d{1,4})?$", re.ASCII)


class AmountField(forms.CharField):
    """DKK as people write them; nothing written is None, not known. Shown as 1.234,50."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, Decimal):
            return value
        try:
            return parse_amount(str(value or ""))
        except BadAmount as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        return danish(value, 2).replace("−", "-") if isinstance(value, Decimal) else value

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"])

    def run_validators(self, value: Any) -> None:
        """What a text must be does not hold for a number."""


class PercentField(AmountField):
    """A per cent such as ``1,5`` or ``−0.25 %``, with at most four decimals, from −100 to 100."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, Decimal):
            return value
        written = re.sub(r"(?:%|pct\.?|procent)$", "", "".join(str(value or "").split()))
        written = written.replace("−", "-").replace("–", "-")
        if not written:
            return None
        if not _PERCENT.match(written):
            raise ValidationError("Skriv en procent, fx 1,5.")
        percent = Decimal(written.replace(",", "."))
        if abs(percent) > 100:
            raise ValidationError("Procenten skal være mellem −100 og 100.")
        return percent

    def prepare_value(self, value: Any) -> Any:
        return danish(value).replace("−", "-") if isinstance(value, Decimal) else value


class ComponentField(CodeChoiceField):
    """A component by code or name. A system is recognised and refused with the reason."""

    def __init__(self, **kwargs: Any) -> None:
        rows = Asset.objects.all()
        kwargs.setdefault("label", "Komponent")
        kwargs.setdefault("help_text", "Skriv kode eller navn.")
        components = Asset.objects.components()
        super().__init__(
            rows, f"asset-lookup?slags={Kind.COMPONENT}", partial(nearest_codes, components), **kwargs
        )

    def refusal(self, row: Any) -> str:
        if row.kind != Kind.COMPONENT:
            return f"{row} er et fagsystem. Vælg en komponent; fagsystemer har ikke budgetlinjer her."
        return super().refusal(row)


__all__ = ["AmountField", "ComponentField", "PercentField"]
