"""How a person is shown wherever there is one: a link, and when they are away who is asked instead. No queries."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from foi_portal.ui import formats
from roles.coverage import Post
from roles.occupancy import Occupancy


class Who(NamedTuple):
    """A person's key and name."""

    key: int
    name: str


class Absent(NamedTuple):
    """That somebody is away: the first day back if it is known, and who is asked instead if somebody is."""

    back: datetime.date | None = None
    instead: Who | None = None


def absent(occupancy: Occupancy, post: Post) -> Absent | None:
    """How the person of a post is away on the picture's day, for ``person``; None when they are here."""
    away = occupancy.roster.absence(post.person, occupancy.on)
    if away is None:
        return None
    instead = occupancy.roster.standing_in(post, occupancy.on)
    name = occupancy.people[instead].name if instead is not None else ""
    return Absent(away.until, Who(instead, name) if instead is not None else None)


def away(occupancy: Occupancy, key: int) -> Absent | None:
    """How a person is away on the picture's day, whatever they hold: whom the absence names is asked, if here."""
    roster, on = occupancy.roster, occupancy.on
    found = roster.absence(key, on)
    if found is None:
        return None
    asked = found.stand_in
    if asked is None or not roster.works(asked, on) or roster.absence(asked, on) is not None:
        return Absent(found.until)
    return Absent(found.until, Who(asked, occupancy.people[asked].name))


def link(key: int, name: str) -> SafeString:
    """The person's name as a link to their page."""
    return format_html('<a href="{}">{}</a>', reverse("person-detail", args=[key]), name)


def person(key: int, name: str, away: Absent | None = None) -> SafeString:
    """ "X", or "X, p.t. Y (fraværende, tilbage 3. dec. 2026)" with links to both."""
    if away is None:
        return link(key, name)
    instead = format_html(", p.t. {}", link(*away.instead)) if away.instead else ""
    return format_html('{}{} <span class="mute">({})</span>', link(key, name), instead, away_text(away.back))


def plain(name: str, away: Absent | None = None) -> str:
    """The same as text, for exports and PDF."""
    if away is None:
        return name
    instead = f", p.t. {away.instead.name}" if away.instead else ""
    return f"{name}{instead} ({away_text(away.back)})"


def away_text(back: datetime.date | None) -> str:
    """ "fraværende, tilbage 3. dec. 2026", or "fraværende indtil videre"."""
    return f"fraværende, tilbage {formats.date(back)}" if back else "fraværende indtil videre"


__all__ = ["Absent", "Who", "absent", "away", "away_text", "link", "person", "plain"]
