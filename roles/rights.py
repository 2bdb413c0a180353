"""Rights about people that follow more than one model. What concerns one model alone is ``core.permissions.may``."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from foi_portal.core.models import User
from foi_portal.core.permissions import may
from roles.models import Absence, Person


def may_edit_absence(user: User | AnonymousUser, person: Person) -> bool:
    """Whether ``user`` may write when ``person`` is away: who may all absences, and everybody who sees people
    their own.
    """
    if may(user, "add", Absence) and may(user, "change", Absence):
        return True
    return user.pk is not None and person.user_id == user.pk and may(user, "view", Absence)


__all__ = ["may_edit_absence"]
