"""Secret addresses of calendars: making, finding, revoking them. Only a token's SHA-256 is kept."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.urls import reverse

from coordination.models import CalendarLink
from foi_portal.core.mail.composing import absolute
from foi_portal.core.models import User
from roles.models import Person, Role

USED_EVERY = datetime.timedelta(hours=1)  # how often it is written that a feed was fetched
MOST = 10  # that one person has at a time
LONGEST = 200  # signs of a token that are looked at


def make(
    *, made_by: User, person: Person | None = None, role: Role | None = None
) -> tuple[CalendarLink, str]:
    """A new link to one person's, one role's or all deadlines, and its address, which is never seen again."""
    token = secrets.token_urlsafe(32)
    link = CalendarLink.objects.create(token_digest=_digest(token), made_by=made_by, person=person, role=role)
    return link, absolute(f"{reverse('deadline-feed')}?noegle={token}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str, on: datetime.date) -> CalendarLink | None:
    """The link of a token, if it works on the day ``on``. Two queries.

    It is looked up by the token's digest, so how long that takes tells nothing about any token.
    """
    digest = _digest(token[:LONGEST])
    link = _with_people().filter(token_digest=digest).first()
    if link is None or not hmac.compare_digest(link.token_digest, digest):
        return None
    mine = Entitled(*(users.filter(pk=link.made_by_id) for users in entitled()))
    return None if stopped(link, on, mine) else link


def _with_people() -> QuerySet[CalendarLink]:
    return CalendarLink.objects.select_related("person__user", "role", "made_by__person")


class Entitled(NamedTuple):
    """Who may see their own deadlines, and who may make calendars of roles, of others and of everything."""

    readers: Collection[User] | QuerySet[User]
    makers: Collection[User] | QuerySet[User]


def entitled() -> tuple[QuerySet[User], QuerySet[User]]:
    """Not asked of the database yet; in the order of ``Entitled``."""
    return _allowed("view_acknowledgement"), _allowed("change_calendarlink")


def _allowed(permission: str) -> QuerySet[User]:
    return User.objects.with_perm(
        f"coordination.{permission}", backend="django.contrib.auth.backends.ModelBackend"
    )


def stopped(link: CalendarLink, on: datetime.date, allowed: Entitled) -> str:
    """Why the link gives nothing, in Danish; "" when it works. Fetched with people.

    A feed stops with whom it is for and with who made it, and when its maker may not see deadlines any more; one of a
    role or of everything also when its maker may not make such links.
    """
    if link.revoked_at is not None:
        return "Tilbagekaldt"
    maker: Person | None = getattr(link.made_by, "person", None)
    gone = [person for person in (link.person, maker) if person is not None and not person.is_active(on)]
    out = [user for user in (link.made_by, link.person and link.person.user) if user and not user.is_active]
    if gone or out:
        return f"{gone[0]} er ikke ansat" if gone else f"{out[0]} kan ikke længere logge på"
    if link.role is not None and link.role.is_archived:
        return "Rollen er arkiveret"
    own = link.person is not None and link.person.user_id == link.made_by_id
    if link.made_by not in (allowed.readers if own else allowed.makers):
        return f"{link.made_by} må ikke længere {'se frister' if own else 'lave det'}"
    return ""


def used(link: CalendarLink, now: datetime.datetime) -> None:
    """Remember that the feed was fetched; at most once an hour."""
    if link.last_used_at is None or link.last_used_at < now - USED_EVERY:
        CalendarLink.objects.filter(pk=link.pk).update(last_used_at=now)


def revoke(*, link: CalendarLink, now: datetime.datetime) -> bool:
    """From now on the address gives nothing. False when it was revoked already."""
    return bool(CalendarLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now))


def of(user: User, person: int | None) -> QuerySet[CalendarLink]:
    """The user's own that are not revoked: those they made, and those that are for them, newest first."""
    mine = Q(made_by=user) if person is None else Q(made_by=user) | Q(person=person)
    return _with_people().filter(mine, revoked_at=None)


def everybodys() -> QuerySet[CalendarLink]:
    """All that are not revoked, newest first."""
    return _with_people().filter(revoked_at=None)


__all__ = ["MOST", "Entitled", "entitled", "everybodys", "find", "make", "of", "revoke", "stopped", "used"]
