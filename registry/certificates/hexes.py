"""Serial numbers and fingerprints as people copy them: 0A:1B, 0a 1b, 0x0A1B."""

from __future__ import annotations

import re

LOOKS_SO = re.compile(r"(?:0x)?[0-9a-f]{2}(?:[:\s-]?[0-9a-f]{2})*", re.IGNORECASE)
BETWEEN = re.compile(r"[\s:.-]")


def compact(text: str) -> str:
    """Pairs of hex digits with signs between them, as one lower-case word; empty when the text is nothing like it.

    Two words of a name may look so ("be da"), hence only what is long, or has a colon in it.
    """
    text = text.strip()
    if not LOOKS_SO.fullmatch(text) or (":" not in text and len(text) < 16):
        return ""
    return tidy(text)


def tidy(text: str) -> str:
    """Lower case, without blanks, colons, dots, hyphens and a leading 0x."""
    return BETWEEN.sub("", text).lower().removeprefix("0x")


__all__ = ["compact", "tidy"]
