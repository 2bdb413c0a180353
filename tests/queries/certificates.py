"""Queries of the pages about certificates: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

PAGES: dict[str, tuple[int, str, list[Any], str]] = {}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … and organisations O0 …."""
