"""Finding gains, prices and assumptions among the answers of /soeg/, for those who may see them."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.safestring import SafeString

from budgets.models import Assumption, Gain, GainState, PriceModel
from registry import search
from registry.ranking import Query, highlight, snippet
from registry.search import Result, Source

TOLD = (GainState.GIVEN_UP, GainState.REJECTED)  # states that are worth a badge


def register() -> None:
    """Let /soeg/ find gains by their words and by what they are a gain of, prices and assumptions by their names."""
    search.register(Source("gain", "Gevinster", Gain, ("text", "asset__name"), _gains, similar=False))
    search.register(Source("price", "Priser", PriceModel, ("code", "name"), _prices, similar=False))
    names = ("code", "name")
    search.register(Source("assumption", "Forudsætninger", Assumption, names, _assumptions, similar=False))


def _gains(keys: list[int], query: Query) -> dict[int, Result]:
    made: dict[int, Result] = {}
    for row in Gain.objects.filter(pk__in=keys).select_related("asset"):
        badge = str(row.get_state_display()) if row.state in TOLD else ""
        made[row.pk] = Result(
            kind="gain",
            kind_label="Gevinst",
            url=reverse("gain-detail", args=[row.pk]),
            code=highlight(row.asset.code, query),
            name=snippet(row.text, query, 110),
            text=SafeString(),
            badge="Arkiveret" if row.is_archived else badge,
        )
        facts = [("Ved", row.asset.name), ("Slags", str(row.get_kind_display()))]
        made[row.pk].facts += [(label, highlight(text, query)) for label, text in facts]
    return made


def _prices(keys: list[int], query: Query) -> dict[int, Result]:
    rows = PriceModel.objects.filter(pk__in=keys).select_related("component", "assumption")
    made = {}
    for row in rows:
        facts = [("Slags", str(row.get_kind_display()))]
        facts += [("Komponent", row.component.name)] if row.component else []
        facts += [("Ganges med", row.assumption.name)] if row.assumption else []
        made[row.pk] = _named("price", "Prismodel", row, facts, query)
    return made


def _assumptions(keys: list[int], query: Query) -> dict[int, Result]:
    rows = Assumption.objects.filter(pk__in=keys)
    return {row.pk: _named("assumption", "Forudsætning", row, [("Enhed", row.unit)], query) for row in rows}


def _named(
    kind: str, label: str, row: PriceModel | Assumption, facts: Sequence[tuple[str, str]], query: Query
) -> Result:
    """What has a code, a name and a note. Amounts stand on its page."""
    result = Result(
        kind=kind,
        kind_label=label,
        url=row.get_absolute_url(),
        code=highlight(row.code, query),
        name=highlight(row.name, query),
        text=snippet(row.note, query, 110),
        badge="Arkiveret" if row.is_archived else "",
    )
    result.facts += [(name, highlight(text, query)) for name, text in facts]
    return result
