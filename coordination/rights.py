"""Rights in coordination that follow more than one model. What concerns one model alone is ``core.permissions.may``."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser

from coordination.deadlines import Board, Item
from coordination.models import Acknowledgement
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from registry.deadlines import Act
from registry.models import Asset
from roles import responsible
from roles.models import Person

# Rights that follow from being responsible for a system, by the backend of ``roles``.
OWN = ("registry.change_system", "registry.add_dependency", "registry.change_dependency")


def sees_deadlines(user: User | AnonymousUser) -> bool:
    """Who may see deadlines: who sees what they are about, and the people."""
    return all(may(user, "view", model) for model in (Acknowledgement, Asset, Person))


@dataclass(frozen=True)
class Actor:
    """A user who looks at deadlines on the day ``on``: who they are and what they may do. A few queries at most."""

    user: User
    on: datetime.date

    @cached_property
    def person(self) -> int | None:
        """The key of the user's person, who works here."""
        rows = Person.objects.active(self.on).filter(user=self.user)
        return rows.values_list("pk", flat=True).first()

    @cached_property
    def _own(self) -> frozenset[int]:
        return responsible.own_systems(self.user, self.on)

    @cached_property
    def may_take_note_of_all(self) -> bool:
        return may(self.user, "add", Acknowledgement) and may(self.user, "change", Acknowledgement)

    def may_take_note(self, found: Board, item: Item) -> bool:
        """Who may all, and whoever is responsible: nobody else knows that it is in hand."""
        if self.may_take_note_of_all:
            return True
        return self.person is not None and any(one.key == self.person for one in found.people(item))

    def may_do(self, act: Act, item: Item) -> bool:
        if not act.permission or self.user.has_perm(act.permission):
            return True
        concerned = item.deadline.assets
        return act.permission in OWN and bool(concerned) and self._own.issuperset(concerned)

    def main_act(self, item: Item) -> Act | None:
        """The first act that the user may do, or None: then there is somebody to call."""
        allowed = [act for act in item.deadline.acts if self.may_do(act, item)]
        return allowed[0] if allowed else None


__all__ = ["Actor", "sees_deadlines"]
