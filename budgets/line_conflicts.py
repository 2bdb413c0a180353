"""Two people edited the same line: its estimates are rows of their own, and belong to the same form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from budgets.forms.lines import AHEAD, LineForm, estimate_name
from budgets.models import BudgetLine, Estimate
from foi_portal.core import history
from foi_portal.ui import formats
from foi_portal.ui.conflicts import Conflict, Difference, build, submitted_version

MARK = "estimates"  # the hidden field with the versions of the estimates that the form was made from


def find(form: Any, current: BudgetLine, data: Mapping[str, Any]) -> Conflict | None:
    """What somebody else changed in the line or its estimates since the form was made, if anything.

    ``current`` is the line as it is now, locked; ``data`` is what was posted. ``form`` is bound and judged.
    """
    version = submitted_version(data)
    if not isinstance(form, LineForm):
        return None if version == current.version else build(form, current, version)
    seen = data.get(MARK, "")
    if version == current.version and seen == form.estimates_mark:
        return None
    return _with_estimates(build(form, current, version), form, _versions(seen))


def _versions(mark: str) -> dict[int, int]:
    """«1:2.3:1» as the versions by how many years ahead; what is no such thing says nothing."""
    pairs = (part.partition(":") for part in mark.split("."))
    return {
        int(ahead): int(version)
        for ahead, _, version in pairs
        if ahead.isdecimal() and version.isdecimal() and len(ahead + version) < 12
    }


def _with_estimates(conflict: Conflict, form: LineForm, seen: Mapping[int, int]) -> Conflict:
    names = {estimate_name(ahead) for ahead in AHEAD}
    hidden = [pair for pair in conflict.hidden if pair[0] not in names]
    both, one = list(conflict.both), list(conflict.one)
    for ahead in AHEAD:
        difference, i_changed, they_changed = _compared(form, ahead, seen)
        if i_changed and they_changed and difference.mine != difference.theirs:
            both.append(difference)
            continue
        if difference.mine != difference.theirs:
            one.append((difference, i_changed))
        hidden.append((difference.name, difference.mine_raw if i_changed else difference.theirs_raw))
    return replace(conflict, both=both, one=one, hidden=[*hidden, (MARK, form.estimates_mark)])


def _compared(form: LineForm, ahead: int, seen: Mapping[int, int]) -> tuple[Difference, bool, bool]:
    """One estimate before, theirs and mine; whether I changed it, and whether they did."""
    name, row = estimate_name(ahead), form.standing.get(ahead)
    bound = form[name]
    theirs = row.amount if row else None
    before = _before(row, seen.get(ahead))
    typed = str(bound.data or "")
    mine = form.cleaned_data.get(name) if name not in form.errors else typed
    prepared = form.fields[name].prepare_value
    difference = Difference(
        name=bound.html_name,
        label=str(bound.label),
        before=formats.plain(before),
        theirs=formats.plain(theirs),
        mine=formats.plain(mine),
        theirs_raw=str(prepared(theirs) or ""),
        mine_raw=typed,
    )
    return difference, mine != before, theirs != before


def _before(row: Estimate | None, version: int | None) -> Decimal | None:
    """What the estimate was when the form was made; None when there was none."""
    if row is None or version is None:
        return None
    state = history.state_at(row, version) or {}
    amount: Decimal | None = state.get("amount")
    return amount


__all__ = ["MARK", "find"]
