"""What is done to certificates: one comes in place of another, one is revoked. One act, one transaction."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from foi_portal.core import history
from registry.models import Asset, Certificate


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """It cannot be done; the message says why. Nothing is written."""


class AlreadyRenewed(Refused):
    """Something has come in its place already; ``by`` is what."""

    def __init__(self, old: Certificate, by: Certificate) -> None:
        super().__init__(f"«{old}» er allerede fornyet af «{by}».")
        self.by = by


def renew(*, old: Certificate, new: Certificate, assets: Iterable[Asset], reason: str = "") -> Certificate:
    """``new``, saved already or not, comes in place of ``old`` and is used by ``assets``, besides those that use it.

    The old one is locked first, so that of two who renew it at once the second is told. Errors: ``Refused``.
    """
    with history.recording(reason=reason):
        locked = Certificate.objects.select_for_update(no_key=True).get(pk=old.pk)
        if locked.is_archived:
            raise Refused(f"«{locked}» er arkiveret. Gendan det først.")
        if (by := locked.renewed_by()) is not None:
            raise AlreadyRenewed(locked, by)
        if new._state.adding:
            new.replaces = locked
            new.save()
        elif not Certificate.objects.current().filter(pk=new.pk, replaces=None).update(replaces=locked):
            raise Refused(f"«{new}» er ændret imens. Læs det igen, og gentag så.")
        new.assets.add(*assets)
    return new


def revoke(*, certificate: Certificate, on: datetime.date, version: int, reason: str) -> bool:
    """It is revoked from ``on``. Out: False when it is so already, or ``version`` is not its present one."""
    with history.recording(reason=reason):
        rows = Certificate.objects.filter(pk=certificate.pk, version=version, revoked_on=None)
        return bool(rows.update(revoked_on=on))


__all__ = ["AlreadyRenewed", "Refused", "renew", "revoke"]
