"""What differs: between two answers of the impact analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.graph import Severity

AnswerRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """How a later answer differs from an earlier one; rows as they were given, in the order they were given.

    ``new`` are in the later alone, ``gone`` in the earlier alone. ``harder`` and ``milder`` are pairs (earlier,
    later) of those in both that are hit harder or milder in the later; ``same`` is how many are hit as hard in both.
    """

    new: tuple[AnswerRow, ...]
    gone: tuple[AnswerRow, ...]
    harder: tuple[tuple[AnswerRow, AnswerRow], ...]
    milder: tuple[tuple[AnswerRow, AnswerRow], ...]
    same: int

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.new or self.gone or self.harder or self.milder)


def compare_answers(
    before: Iterable[AnswerRow], after: Iterable[AnswerRow], key: str = "code"
) -> AnswerDifference:
    """Compare two answers, rows as the export has them: ``code``, ``severity`` (critical, degraded, minor) …

    ``key`` names what tells one asset from another in both: a code may have been changed between two dates, so
    give "key" where rows have the asset's key. Other things in the rows are not compared. A severity that is none
    of the three raises KeyError.
    """
    was = {row[key]: row for row in before}
    is_ = {row[key]: row for row in after}
    both = [(row, is_[which]) for which, row in was.items() if which in is_]
    steps = [(_rank(later) - _rank(earlier), (earlier, later)) for earlier, later in both]
    return AnswerDifference(
        new=tuple(row for which, row in is_.items() if which not in was),
        gone=tuple(row for which, row in was.items() if which not in is_),
        harder=tuple(pair for step, pair in steps if step > 0),
        milder=tuple(pair for step, pair in steps if step < 0),
        same=sum(step == 0 for step, _ in steps),
    )


def _rank(row: AnswerRow) -> int:
    return Severity[str(row["severity"]).upper()]
