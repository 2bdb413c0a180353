"""Hygiene findings: what is not as it should be in the registry, found every night and gone when it is put right.

A new kind is one small class (``base.Kind``) and its line in ``KINDS``.
"""

from __future__ import annotations

from coordination.hygiene.agreements import AgreementForRetired, NoLegalBasis, WithoutAgreement
from coordination.hygiene.assets import NobodyResponsible, RetiredStillUsed, Unconfirmed
from coordination.hygiene.base import Found, Kind
from coordination.hygiene.certificates import CertificateEndsFirst, RevokedStillUsed, SharedCertificate

KINDS: tuple[Kind, ...] = (
    WithoutAgreement(),
    AgreementForRetired(),
    NoLegalBasis(),
    CertificateEndsFirst(),
    RevokedStillUsed(),
    SharedCertificate(),
    RetiredStillUsed(),
    NobodyResponsible(),
    Unconfirmed(),
)


def kind_of(name: str) -> Kind | None:
    """The kind by its key; None for one that is not looked for any more."""
    return next((kind for kind in KINDS if kind.kind == name), None)


__all__ = ["KINDS", "Found", "Kind", "kind_of"]
