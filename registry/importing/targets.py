"""What a column can point at: the names that files know it by, and which rows those names mean.

The registry's own (organisations, components, systems) are the planner's business. Apps above register theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Known(NamedTuple):
    """A row that can be pointed at: its code in files, its name, its keys (one for each of a column's attributes).

    ``gone`` is why nothing new may point at it, in Danish; empty when it may.
    """

    code: str
    name: str
    keys: tuple[int | None, ...]
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of row. ``rows`` gives them all, what is gone first: where two share a code, the last one counts.

    ``brought_by`` says which files bring new ones when they are read together; ``noun`` is what the code is called.
    """

    name: str
    noun: str
    rows: Callable[[], Iterable[Known]]
    brought_by: Callable[[], tuple[str, ...]] = tuple


OWN = ("organisation", "component", "asset")


class Names:
    """The target's rows by code and by keys, read once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.by_code: dict[str, Known] = {}
        self.codes: dict[tuple[int | None, ...], str] = {}
        for known in target.rows():
            self.by_code[known.code] = known
            self.codes[known.keys] = known.code

    @property
    def names(self) -> dict[str, str]:
        """Code → name of what may be pointed at."""
        return {known.code: known.name for known in self.by_code.values() if not known.gone}


__all__ = ["OWN", "Known", "Names", "Target"]
