"""The field that says what a role is for: the whole municipality, a component, a fagsystem or an organisation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from foi_portal.ui.forms import SEPARATOR, CodeChoiceField, RowChoiceField, as_choice
from registry.forms import assets, organisations
from registry.models import Asset, Organisation

EVERYWHERE = "Hele kommunen"


@dataclass(frozen=True)
class Scope:
    """An asset, an organisation or, with neither, the whole municipality. ``str`` is what stands in the field."""

    asset: Asset | None = None
    organisation: Organisation | None = None

    def __str__(self) -> str:
        row = self.asset or self.organisation
        return as_choice(row) if row is not None else EVERYWHERE


class ScopeField(RowChoiceField):
    """Picks a ``Scope`` by code or name; "Hele kommunen" is one. Empty is None.

    A code that both an asset and an organisation have means the asset, unless the organisation's name follows it.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Kode eller navn på en komponent, et fagsystem eller en organisation.")
        super().__init__(Asset.objects.none(), "scope-lookup", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, Scope) else value

    def refusal(self, row: Any) -> str:
        found = row.asset or row.organisation
        archived = found is not None and found.is_archived
        return f"{found} er arkiveret. Gendan den først, eller vælg en anden." if archived else ""

    def clean(self, value: Any) -> Scope | None:
        found = self.typed(value)
        if found is not None and (refusal := self.refusal(found)):
            raise ValidationError(refusal)
        return found

    def typed(self, value: Any) -> Scope | None:
        texts = self.texts([value])
        if not texts:
            return None
        text = texts[0]
        found = self.known[text] if text in self.known else self.find_all([text])[text]
        if isinstance(found, ValidationError):
            raise found
        return found  # type: ignore[no-any-return]

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        """What each text means: a scope or the ValidationError to raise."""
        found: dict[str, Any] = {text: Scope() for text in texts if text.lower() == EVERYWHERE.lower()}
        named = [text for text in texts if text not in found]
        if not named:
            return found
        as_asset = _find(assets(), named)
        doubtful = [text for text in named if _is_doubtful(as_asset[text], text)]
        as_organisation = _find(organisations(), doubtful) if doubtful else {}
        for text in named:
            asset, organisation = as_asset[text], as_organisation.get(text)
            if isinstance(organisation, Organisation) and (
                not isinstance(asset, Asset) or _is_written(organisation, text)
            ):
                found[text] = Scope(organisation=organisation)
            else:
                found[text] = Scope(asset) if isinstance(asset, Asset) else asset
        return found


def _find(field: CodeChoiceField, texts: Collection[str]) -> dict[str, Any]:
    return field.find_all(texts)


def _is_doubtful(asset: Any, text: str) -> bool:
    """Whether an organisation may be meant: no asset has the text, or another name follows its code."""
    return not isinstance(asset, Asset) or (SEPARATOR in text and not _is_written(asset, text))


def _is_written(row: Any, text: str) -> bool:
    """Whether the text is exactly how the row stands in the field."""
    return isinstance(row, (Asset, Organisation)) and text == as_choice(row)


__all__ = ["EVERYWHERE", "Scope", "ScopeField"]
