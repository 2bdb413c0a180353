"""How people want to be reminded: a mail each time, or one on Mondays."""

from __future__ import annotations

from coordination.models import ReminderPreference
from foi_portal.core import history
from foi_portal.core.models import User
from roles.models import Person


def is_weekly(person: Person) -> bool:
    """Whether the person wants one mail on Mondays. One query."""
    return ReminderPreference.objects.filter(person=person, digest=True).exists()


def want(person: Person, *, digest: bool, actor: User) -> None:
    """Have it so from now on. Asked again it changes nothing."""
    with history.recording(actor=actor):
        row, _ = ReminderPreference.objects.get_or_create(person=person, defaults={"digest": digest})
        ReminderPreference.objects.filter(pk=row.pk).exclude(digest=digest).update(digest=digest)


__all__ = ["is_weekly", "want"]
