"""Rows of one form, edited several at once: ``n0-line``, ``n0-amount``, ``n1-line`` …"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MOST_ROWS = 200
BLANK_ROWS = 4
_FIELD = re.compile(r"n(0|[1-9][0-9]{0,3})-[a-z_]+")


def posted_rows(post: Mapping[str, str], names: Sequence[str]) -> list[dict[str, str]]:
    """What was typed, row by row in the page's order; rows in which nothing is typed are left out."""
    numbers = sorted({int(match[1]) for match in map(_FIELD.fullmatch, post) if match})
    rows = ({name: post.get(f"n{number}-{name}", "") for name in names} for number in numbers)
    return [row for row in rows if any(value.strip() for value in row.values())]


__all__ = ["BLANK_ROWS", "MOST_ROWS", "posted_rows"]
