"""Finding gains among the answers of /soeg/, for those who may see them."""

from __future__ import annotations

from django.urls import reverse
from django.utils.safestring import SafeString

from budgets.models import Gain, GainState
from registry import search
from registry.ranking import Query, highlight, snippet
from registry.search import Result, Source

TOLD = (GainState.GIVEN_UP, GainState.REJECTED)  # states that are worth a badge


def register() -> None:
    """Let /soeg/ find gains by their words and by what they are a gain of."""
    search.register(Source("gain", "Gevinster", Gain, ("text", "asset__name"), _gains, similar=False))


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
