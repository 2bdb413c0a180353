"""What a year's lines can be narrowed by. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from budgets.models import CostType, Funding
from budgets.picture import Picture
from budgets.rollup import Line
from foi_portal.core.danish import sort_key

DEVIATING, UNEXPLAINED, UNCLARIFIED, UNKNOWN = "afvigelser", "uforklarede", "uafklarede", "ukendte"
ONLY = {
    DEVIATING: "kun afvigelser",
    UNEXPLAINED: "kun uforklarede afvigelser",
    UNCLARIFIED: "kun uafklaret ansvar",
    UNKNOWN: "kun uden kendt budget",
}
LIST = "linjer"  # ``vis=linjer``: one line after another, in pages


class YearForm(forms.Form):
    """``found`` is the year's picture. What means nothing is left out, and its tag says so."""

    kun = forms.ChoiceField(
        label="Vis", required=False, choices=[("", "Alle"), *ONLY.items()], widget=forms.HiddenInput
    )
    udbyder = forms.ChoiceField(label="Udbyder", required=False)
    platform = forms.CharField(label="Platform", required=False, max_length=40, widget=forms.HiddenInput)
    finansiering = forms.ChoiceField(
        label="Finansiering", required=False, choices=[("", "Alle"), *Funding.choices]
    )
    type = forms.ChoiceField(
        label="Omkostningstype", required=False, choices=[("", "Alle"), *CostType.choices]
    )

    def __init__(self, data: QueryDict, found: Picture) -> None:
        super().__init__(data)
        self.found = found
        self.meant: dict[str, str] = {}
        there = {found.provider_of(component) for component in found.tops}
        providers = sorted(there, key=lambda provider: (sort_key(provider.name), provider.key))
        self.fields["udbyder"].choices = [  # type: ignore[attr-defined]
            ("", "Alle"),
            *((provider.code, provider.name) for provider in providers),
        ]
        self.is_valid()

    def clean_platform(self) -> int | None:
        code = self.cleaned_data["platform"].strip().upper()
        if not code:
            return None
        for top in set(self.found.tops.values()):
            if self.found.places[top].code == code:
                self.meant["platform"] = self.found.places[top].name
                return top
        raise ValidationError("Kendes ikke.")

    def chosen(self, only: str | None = None) -> Sequence[Line]:
        """The lines asked for; ``only`` instead of what ``kun`` says ("" for all of them)."""
        said: Mapping[str, Any] = self.cleaned_data
        only = said.get("kun", "") if only is None else only
        found, lines = self.found, self.found.lines
        if provider := said.get("udbyder"):
            own = {component for component in found.tops if found.provider_of(component).code == provider}
            lines = [line for line in lines if line.component in own]
        if (platform := said.get("platform")) is not None:
            lines = [line for line in lines if found.tops[line.component] == platform]
        if funding := said.get("finansiering"):
            lines = [line for line in lines if line.funding == funding]
        if cost_type := said.get("type"):
            lines = [line for line in lines if line.cost_type == cost_type]
        return [line for line in lines if self.is_one(line, only)] if only else lines

    def is_one(self, line: Line, only: str) -> bool:
        """Whether the line is among those that ``kun=only`` shows."""
        if only == DEVIATING:
            return line.key in self.found.marked
        if only == UNEXPLAINED:
            return line.key in self.found.unexplained
        if only == UNCLARIFIED:
            return line.component in self.found.unclarified
        return only != UNKNOWN or line.original is None


@dataclass(frozen=True)
class Address:
    """The page's own address with some of what is in it changed; ``None`` or "" removes one."""

    path: str
    query: QueryDict

    def __call__(self, **changes: str | None) -> str:
        params = self.query.copy()
        for name in [name for name, value in params.items() if not value or name in ("page", "_export")]:
            params.pop(name)
        for name, value in changes.items():
            params.pop(name, None)
            if value:
                params[name] = value
        return f"{self.path}?{params.urlencode()}" if params else self.path


__all__ = ["DEVIATING", "LIST", "ONLY", "UNCLARIFIED", "UNEXPLAINED", "UNKNOWN", "Address", "YearForm"]
