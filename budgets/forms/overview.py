"""The form that explains a line's deviation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from budgets import words
from budgets.models import BudgetLine
from foi_portal.core.money import machine


class ExplanationForm(forms.ModelForm[BudgetLine]):
    """``deviation`` is what the line deviates by now, in DKK; ``seen`` what it was when the form was shown."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    class Meta:
        model = BudgetLine
        fields: ClassVar = ["explanation"]
        labels: ClassVar = {"explanation": "Hvorfor afviger linjen?"}
        help_texts: ClassVar = {"explanation": "Står ved linjen på årets side og i rapporten."}
        widgets: ClassVar = {"explanation": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, deviation: Decimal | None, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen": machine(deviation), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.deviation = deviation
        self.fields["explanation"].required = True
        self.fields["explanation"].error_messages["required"] = "Skriv, hvad der er årsag til afvigelsen."

    def clean(self) -> dict[str, Any]:
        """An explanation is of the deviation that was seen: when that has moved meanwhile, it is asked for again."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("seen") != machine(self.deviation):
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data[self.add_prefix("seen")] = machine(self.deviation)
            self.data = data
            now = f"{words.signed(self.deviation, True)} kr." if self.deviation is not None else "ikke kendt"
            self.add_error(
                "explanation",
                f"Afvigelsen er ændret, mens du skrev: Den er nu {now} Ret teksten til, og gem igen.",
            )
        self.instance.explained = self.deviation
        return cleaned


__all__ = ["ExplanationForm"]
