"""Naming, changing and removing who looks after an agreement or a certificate; and handing all of one person's over."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from coordination.models import Caretaker
from foi_portal.core import history
from foi_portal.core.models import User
from registry.models import Agreement, Certificate
from roles.models import Person

Matter = Agreement | Certificate


class Changed(Exception):  # noqa: N818  (an answer, not a fault)
    """Somebody else was first. ``now`` is who looks after it by now, or None."""

    def __init__(self, now: Person | None) -> None:
        super().__init__(str(now))
        self.now = now


def field_of(matter: Matter) -> str:
    """Which of the caretaker's two references is the matter's."""
    return "agreement" if isinstance(matter, Agreement) else "certificate"


def of(matter: Matter) -> Caretaker | None:
    """Who looks after it, with the person. One query."""
    rows = Caretaker.objects.current().select_related("person")
    return rows.filter(**{field_of(matter): matter}).first()


def version_of(caretaker: Caretaker | None) -> int:
    """What a form carries, to notice that somebody else was first; 0 where nobody is named."""
    return caretaker.version if caretaker is not None else 0


def appoint(
    matter: Matter, person: Person | None, *, seen: int | None, actor: User, reason: str = ""
) -> None:
    """Have ``person`` look after the matter from now on; None: nobody by name.

    ``seen`` is ``version_of`` as the user saw it. Raises ``Changed`` when it is another by now.
    """
    with history.recording(actor=actor, reason=reason):
        type(matter)._default_manager.select_for_update(no_key=True).get(pk=matter.pk)
        present = of(matter)
        if version_of(present) != seen:
            raise Changed(present.person if present else None)
        _set(matter, person, reason)


def hand_over(person: Person, to: Person, *, seen: Sequence[int], actor: User, reason: str = "") -> int:
    """Give ``to`` all that ``person`` looks after. Out: how much that is.

    ``seen`` are the keys of the rows that the user saw. Raises ``Changed`` when they are others by now.
    """
    with history.recording(actor=actor, reason=reason), transaction.atomic():
        rows = Caretaker.objects.current().filter(person=person).select_for_update(no_key=True)
        if {row.pk for row in rows} != set(seen):
            raise Changed(person)
        return Caretaker.objects.filter(pk__in=list(seen)).update(person=to)


def _set(matter: Matter, person: Person | None, reason: str) -> None:
    rows = Caretaker.objects.filter(**{field_of(matter): matter})
    if person is None:
        rows.filter(archived_at=None).update(archived_at=timezone.now(), archive_reason=history.tidy(reason))
    elif not rows.update(person=person, archived_at=None, archive_reason=""):
        Caretaker.objects.create(person=person, **{field_of(matter): matter})


__all__ = ["Changed", "Matter", "appoint", "field_of", "hand_over", "of", "version_of"]
