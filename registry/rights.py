"""Rights that follow more than one model. What concerns one model alone is ``core.permissions.may``."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser

from foi_portal.core.models import User
from foi_portal.core.permissions import may
from registry.models import Asset, Dependency, ImpactSnapshot


def may_edit_dependencies(
    user: User | AnonymousUser, asset: Asset, actions: Collection[str] = ("add", "change")
) -> bool:
    """Whether ``user`` may write what ``asset`` depends on: ``actions`` on dependencies, all of them needed.

    Either the right to dependencies as such, or the right to change the asset, be it all of its kind or this one.
    A backend gets the asset as it is here, an ``Asset`` or its proxy; they are equal by key.
    """
    if all(may(user, action, Dependency) for action in actions):
        return True
    change = f"registry.change_{asset.kind}"  # the right belongs to the kind's proxy model
    return user.has_perm(change) or user.has_perm(change, asset)


def may_correct_snapshot(user: User | AnonymousUser, snapshot: ImpactSnapshot) -> bool:
    """Whether ``user`` may correct, archive and restore a saved answer: who may all of them, and who asked it
    as long as they may still save answers.
    """
    if may(user, "change", snapshot):
        return True
    return snapshot.asked_by_id == user.pk and may(user, "add", ImpactSnapshot)


__all__ = ["may_correct_snapshot", "may_edit_dependencies"]
