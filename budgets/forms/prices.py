"""Forms of price models and their prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from budgets import prices
from budgets.models import FIRST_YEAR, LAST_YEAR, Assumption, Price, PriceKind, PriceModel
from budgets.numbers import BadNumber, read_number
from registry.forms import assets
from registry.models import Kind

MOST_STEPS = 20
BLANK_STEPS = 2
ESTIMATED = ((False, "Offentliggjort"), (True, "Skønnet"))


def published_or_estimated(**kwargs: Any) -> forms.TypedChoiceField:
    """Whether a number is published or estimated, said and not ticked."""
    kwargs.setdefault("label", "Offentliggjort eller skønnet")
    return forms.TypedChoiceField(choices=ESTIMATED, coerce=lambda value: str(value) == "True", **kwargs)


class NumberField(forms.CharField):
    """A number as people write it, with up to four decimals. ``percent`` lets it end in a % sign."""

    def __init__(self, *, largest: Decimal, percent: bool = False, **kwargs: Any) -> None:
        self.largest = largest
        self.percent = percent
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, Decimal):
            return value
        text = str(value or "").strip()
        if self.percent:
            text = text.removesuffix("%")
        try:
            return read_number(text, largest=self.largest)
        except BadNumber as error:
            raise ValidationError(str(error)) from error

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"])

    def run_validators(self, value: Any) -> None:
        """What a text must be does not hold for a number."""

    def prepare_value(self, value: Any) -> Any:
        return prices.danish(value) if isinstance(value, Decimal) else value


class YearField(forms.CharField):
    """A year of the budget, as four digits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "maxlength": "4"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:  # type: ignore[override]
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) == 4):
            raise ValidationError("Skriv året med fire cifre, fx 2027.")
        if not FIRST_YEAR <= int(text) <= LAST_YEAR:
            raise ValidationError(f"Året skal være mellem {FIRST_YEAR} og {LAST_YEAR}.")
        return int(text)

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"])

    def run_validators(self, value: Any) -> None:
        """What a text must be does not hold for a number."""


class StepsInput(forms.Widget):
    """Rows of “above how many” and “price of each”, named ``steps-0-above``, ``steps-0-unit`` …

    What was typed is a list of pairs of texts. It can also come as one hidden field, the list as JSON: the conflict
    page sends it so.
    """

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[list[str]]:
        if name in data:
            return _pairs(data[name])
        pairs = [
            [str(data.get(f"{name}-{row}-{part}", "")).strip() for part in ("above", "unit")]
            for row in range(MOST_STEPS)
        ]
        if pairs[0][1]:
            pairs[0][0] = pairs[0][0] or "0"
        while pairs and not any(pairs[-1]):
            pairs.pop()
        return [] if pairs == [["0", ""]] else pairs

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False

    def format_value(self, value: Any) -> str:
        return json.dumps(value or [], ensure_ascii=False)


def _pairs(text: Any) -> list[list[str]]:
    """The hidden field of a conflict page; nothing when somebody has written something else in it."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return []
    sound = isinstance(found, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        for pair in found
    )
    return found[:MOST_STEPS] if sound else []


class StepsField(forms.Field):
    """A price: one number, or steps of them. Out comes ``prices.Steps``."""

    widget = StepsInput

    def to_python(self, value: Any) -> prices.Steps:
        steps = []
        faults = []
        for number, (above, unit) in enumerate(value or [], start=1):
            where = f"Trin {number}: " if len(value) > 1 else ""
            try:
                read = [read_number(text, largest=prices.LARGEST_UNIT) for text in (above, unit)]
            except BadNumber as error:
                faults.append(f"{where}{error}")
                continue
            if read[0] is None or read[1] is None:
                faults.append(f"{where}Skriv både antal og pris.")
            else:
                steps.append(prices.Step(read[0], read[1]))
        if faults:
            raise ValidationError(faults)
        return prices.stored(steps)

    def validate(self, value: Any) -> None:
        if not value:
            raise ValidationError("Skriv prisen.")
        try:
            prices.read_steps(value)
        except prices.BadSteps as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        """Stored steps as a person writes them."""
        if not isinstance(value, prices.Steps):
            return value
        try:
            steps = prices.read_steps(value)
        except prices.BadSteps:
            return [[str(part) for part in pair] for pair in value]
        return [[prices.danish(step.above), prices.danish(step.unit, 2)] for step in steps]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial or ())
        except ValidationError:
            return True


class PriceModelForm(forms.ModelForm[PriceModel]):
    component = assets(
        Kind.COMPONENT,
        label="Komponent",
        required=False,
        help_text="Det, der betales for. Skriv kode eller navn.",
    )
    assumption = forms.ModelChoiceField(
        label="Ganges med",
        queryset=Assumption.objects.none(),
        required=False,
        empty_label="Intet, beløbet er fast",
        help_text="Den forudsætning, prisen er pr.",
    )

    class Meta:
        model = PriceModel
        fields = ("name", "code", "kind", "assumption", "component", "source", "note")
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "code": "Bruges i adresser og udtræk.",
            "source": "Adressen på den side, prisen står på.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        is_new = self.instance.pk is None
        kind.choices = [("", "Vælg"), *PriceKind.choices] if is_new else PriceKind.choices
        assumption: Any = self.fields["assumption"]
        assumption.queryset = Assumption.objects.filter(
            Q(archived_at=None) | Q(pk=self.instance.assumption_id)
        )

    def clean_note(self) -> str:
        """Browsers send line ends as two signs: the same text must not count as a change."""
        return str(self.cleaned_data["note"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        super().clean()  # what must be unique is asked for there
        kind, assumption = self.cleaned_data.get("kind"), self.cleaned_data.get("assumption")
        if kind and "assumption" not in self.errors:
            if kind == PriceKind.FIXED and assumption is not None:
                self.add_error("assumption", "Et fast beløb ganges ikke med noget. Vælg «Intet».")
            elif kind != PriceKind.FIXED and assumption is None:
                self.add_error("assumption", "Vælg det, prisen ganges med. Kun et fast beløb har intet.")
        if assumption is not None and assumption.is_percentage:
            self.add_error("assumption", f"{assumption} er en procent, og en pris kan ikke ganges med den.")
        if kind and not PriceKind(kind).has_steps and self.instance.pk is not None:
            stepped = [str(row.since) for row in self.instance.prices.current() if len(row.steps) > 1]
            if stepped:
                years = ", ".join(sorted(stepped))
                self.add_error(
                    "kind", f"Den slags har ingen trin, men det har prisen fra {years}. Ret den først."
                )
        return self.cleaned_data


class PriceForm(forms.ModelForm[Price]):
    """A price of the model that the instance has."""

    since = YearField(label="Gælder fra og med år")
    until = YearField(
        label="Gælder til og med år",
        required=False,
        help_text="Tomt, når den gælder, til en ny afløser den.",
    )
    steps = StepsField(label="Pris")
    estimated = published_or_estimated(initial=False)

    class Meta:
        model = Price
        fields = ("since", "until", "estimated", "source", "steps")
        help_texts = {"source": "Hvem har sagt det, og hvor."}

    def _get_validation_exclusions(self) -> set[str]:
        """The model is no field, but that it has one price from a year must be said."""
        return super()._get_validation_exclusions() - {"model", "archived_at"}  # type: ignore[misc, no-any-return]

    @property
    def has_steps(self) -> bool:
        return PriceKind(self.instance.model.kind).has_steps

    @property
    def step_rows(self) -> list[tuple[int, str, str]]:
        """Number, above and price of each row to show: those typed, and a few empty ones."""
        typed = list(self["steps"].value() or [["0", ""]])
        if self.has_steps:
            typed += [["", ""]] * max(0, min(BLANK_STEPS, MOST_STEPS - len(typed)))
        return [(number, above, unit) for number, (above, unit) in enumerate(typed)]


__all__ = ["NumberField", "PriceForm", "PriceModelForm", "YearField", "published_or_estimated"]
