"""The right to one's own systems (DESIGN §5), as an auth backend that answers for single objects."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.utils import timezone

from registry.models import AlternativeGroup, Asset, Dependency
from roles import responsible


class OwnSystemsBackend(BaseBackend):
    """Who is responsible for a system today may edit its facts and dependencies today.

    ``responsible.own_systems`` says who that is. The right begins and ends with the day, is never to a whole model, and
    covers neither the system's code nor archiving it (``registry.views.systems``).
    """

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """What the user may do with this one row; ``has_perm`` asks here. Two queries for all rows of a request."""
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if isinstance(obj, Asset):
            if not obj.is_archived and obj.pk in own_systems(user_obj):
                return {"registry.change_system"}
        elif isinstance(obj, Dependency | AlternativeGroup) and obj.source_id in own_systems(user_obj):
            return {f"registry.{verb}_{obj._meta.model_name}" for verb in ("add", "change")}
        return set()


def own_systems(user: Any) -> frozenset[int]:
    """The user's systems today, asked for once per user object, which lives as long as the request, and day."""
    today = timezone.localdate()
    known: tuple[datetime.date, frozenset[int]] | None = getattr(user, "_own_systems", None)
    if known is None or known[0] != today:
        known = user._own_systems = (today, responsible.own_systems(user, today))
    return known[1]
