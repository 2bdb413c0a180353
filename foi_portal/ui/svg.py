"""The parts of every drawing that the server makes as SVG: opening, text, rectangle, fills. Pure; no style, no script.

Only presentation attributes, so that a drawing passes a strict content security policy, prints, and goes into a PDF as
it is. The fills differ in lightness and pattern, not in colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

INK, SOFT, GRID, EDGE, ACCENT, ALERT, WHITE, SHADE = (
    "#1a1a1a",
    "#454545",
    "#dcdcdc",
    "#8e8e8e",
    "#12436d",
    "#cc0000",
    "#ffffff",
    "#f0f3f6",
)
FONT = "IBM Plex Sans, Liberation Sans, Arial, Helvetica, sans-serif"
STRIPES, DOTS = "stripes", "dots"
# From dark to light; the last two are patterns, so that neighbours differ on a copy in black and white too.
FILLS = (ACCENT, "#4f86b5", "#a9c6df", STRIPES, DOTS)


class Words(NamedTuple):
    """What is said for those who cannot see the drawing; ``key`` makes the ids of this drawing its own on the page."""

    key: str
    title: str
    description: str


def opening(words: Words, wide: float, tall: float, linked: bool = False) -> str:
    """The element's start. ``linked`` when there are links in it, which one picture (``img``) cannot have."""
    role = "group" if linked else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {tall:.0f}" role="{role}"'
        f' aria-labelledby="{words.key}-title" aria-describedby="{words.key}-desc"'
        f' font-family="{FONT}" font-size="12.5"><title id="{words.key}-title">{escape(words.title)}</title>'
        f'<desc id="{words.key}-desc">{escape(words.description)}</desc>{_patterns(words.key)}'
    )


def closed(parts: Iterable[str]) -> SafeString:
    """The whole element."""
    return mark_safe("".join([*parts, "</svg>"]))


def fill(number: int, key: str) -> str:
    """How series ``number`` is filled in the drawing with that key."""
    name = FILLS[number % len(FILLS)]
    return f"url(#{key}-{name})" if name in (STRIPES, DOTS) else name


def _patterns(key: str) -> str:
    return (
        f'<defs><pattern id="{key}-{STRIPES}" width="6" height="6" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect width="6" height="6" fill="{WHITE}"/>'
        f'<rect width="2.4" height="6" fill="{ACCENT}"/></pattern>'
        f'<pattern id="{key}-{DOTS}" width="5" height="5" patternUnits="userSpaceOnUse">'
        f'<rect width="5" height="5" fill="#e4e4e4"/><circle cx="2.5" cy="2.5" r="1.1" fill="{SOFT}"/></pattern></defs>'
    )


def rect(x: float, y: float, wide: float, tall: float, filled: str, pale: bool = False) -> str:
    """A part of a column, set off from its neighbours by a thin line. ``pale`` for what is only estimated."""
    edge = ACCENT if filled.startswith("url") else WHITE
    faded = ' fill-opacity=".38"' if pale else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{filled}"{faded}'
        f' stroke="{edge}" stroke-width=".7"/>'
    )


def text(x: float, y: float, said: str, anchor: str, bold: bool = False) -> str:
    """A line of text; nothing when there is nothing to say."""
    weight = f' font-weight="600" fill="{INK}"' if bold else f' fill="{SOFT}"'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(said)}</text>' if said else ""
    )


def swatch(number: int, key: str) -> SafeString:
    """A legend's little picture of a fill. ``key`` makes the ids of its pattern its own on the page."""
    own = f"{key}-{number}"
    return mark_safe(
        '<svg viewBox="0 0 26 14" aria-hidden="true" focusable="false">'
        f"{_patterns(own) if fill(number, own).startswith('url') else ''}{rect(1, 1, 24, 12, fill(number, own))}</svg>"
    )


__all__ = [
    "ACCENT",
    "ALERT",
    "EDGE",
    "FILLS",
    "GRID",
    "INK",
    "SHADE",
    "SOFT",
    "WHITE",
    "Words",
    "closed",
    "fill",
    "opening",
    "rect",
    "swatch",
    "text",
]
