"""The form that says what an agreement covers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms

from registry.agreements.forms import DependencyField
from registry.forms import Ticks, assets
from registry.models import Dependency

BLANKS = 3  # empty fields for more rows


class CoverageForm(forms.Form):
    """Which of the offered rows are ticked, and up to ``BLANKS`` more dependencies and assets by type-ahead."""

    dependencies = forms.TypedMultipleChoiceField(
        label="Afhængigheder", coerce=int, required=False, widget=Ticks
    )
    assets = forms.TypedMultipleChoiceField(label="Gælder også", coerce=int, required=False, widget=Ticks)
    reason = forms.CharField(label="Begrundelse", required=False, max_length=500)

    def __init__(
        self,
        *args: Any,
        rows: Sequence[Dependency],
        named: Sequence[Any],
        ticked: Collection[int],
        **kwargs: Any,
    ) -> None:
        """``rows`` and ``named`` are offered; ``ticked`` the keys of the dependencies that are covered now."""
        super().__init__(*args, **kwargs)
        self.rows, self.named, self.ticked = rows, named, set(ticked)
        gone = "En af de valgte er ikke længere blandt afhængighederne. Se dem igennem, og gem igen."
        for name, keys in (("dependencies", [row.pk for row in rows]), ("assets", [row.pk for row in named])):
            self.fields[name].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = gone
        self.initial.update(dependencies=list(ticked), assets=[row.pk for row in named])
        for number in range(BLANKS):
            self.fields[f"more_{number}"] = DependencyField(
                label=f"Afhængighed {number + 1}", required=False, help_text=""
            )
            self.fields[f"asset_{number}"] = assets(
                label=f"Komponent eller fagsystem {number + 1}", required=False, help_text=""
            )

    @property
    def named_keys(self) -> set[int]:
        return {row.pk for row in self.named}

    @property
    def more(self) -> list[Any]:
        return [self[f"more_{number}"] for number in range(BLANKS)]

    @property
    def more_assets(self) -> list[Any]:
        return [self[f"asset_{number}"] for number in range(BLANKS)]

    def boxes(self, name: str, rows: Sequence[Any]) -> list[tuple[Any, bool]]:
        """The rows of ``name``, each with whether it is ticked."""
        ticked = {str(key) for key in self[name].value() or ()}
        return [(row, str(row.pk) in ticked) for row in rows]

    def chosen(self, name: str, more: str) -> set[int]:
        """Keys of what is ticked and what was added. The form is valid."""
        added = {self.cleaned_data[f"{more}_{number}"] for number in range(BLANKS)} - {None}
        return {*self.cleaned_data[name], *(row.pk for row in added)}


__all__ = ["CoverageForm"]
