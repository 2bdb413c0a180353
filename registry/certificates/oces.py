"""Whether a certificate is one of the OCES certificates, told by its names. Pure.

Sources: DOMAIN.md §3.3 (OCES3 is issued by «Den Danske Stat»; FOCES, VOCES and MOCES were OCES2) and published test
certificates of Skatteforvaltningen and NSP. Their subject is ``C=DK, organizationIdentifier=NTRDK-<CVR>, O=…,
serialNumber=UI:DK-O:G:<uuid>, CN=…``, their issuer ``C=DK, O=Den Danske Stat, OU=…, CN=Den Danske Stat OCES
udstedende-CA 1`` (``OU=Test - cti`` in test), and they live three years. OCES2 has ``serialNumber=CVR:<CVR>-UID:…``
(or FID, RID) and issuer ``O=TRUST2408``.

Unverified: OCES3 has one policy for organisation and system certificates alike (1.2.208.169.1.1.1.3.7, nemlog-in.dk),
so the policy does not tell them apart. In the certificates seen, that of an organisation may also sign
(contentCommitment) and that of a system may not: this is what is gone by, and people may choose another kind. That an
employee's is ``UI:DK-E:G:`` is from a test of NSP's. A name is no proof: signatures are not verified here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SYSTEM, ORGANISATION, OTHER = "oces_system", "oces_organisation", "other"  # of ``CertificateKind``
OCES3 = re.compile(r"UI:DK-([A-Z]):G:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
OCES2 = re.compile(r"CVR:\d{8}-(UID|FID|RID):[0-9A-Za-z]{1,40}")
COMPANY = re.compile(r"NTRDK-\d{8}")
STATE, FORMER_CENTRES = "Den Danske Stat", ("TRUST2408", "TDC", "Nets DanID")

_OCES2 = {
    "UID": (ORGANISATION, "OCES2-virksomhedscertifikat (VOCES), historisk"),
    "FID": (SYSTEM, "OCES2-funktionscertifikat (FOCES), historisk"),
    "RID": (OTHER, "OCES2-medarbejdercertifikat (MOCES), historisk"),
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """The kind of certificate (a value of ``CertificateKind``) and the id that OCES gives its holder."""

    kind: str
    oces_id: str


def recognise(
    *, serial_number: str, organisation_id: str, issuer_organisation: str, may_sign: bool
) -> Recognised | None:
    """In: of the subject ``serialNumber`` and ``organizationIdentifier``, of the issuer ``O``, and whether the key may
    be used for contentCommitment. Out: None when it is none of OCES'.
    """
    found = OCES3.fullmatch(serial_number)
    if found and issuer_organisation == STATE:
        if found[1].upper() != "O" or not COMPANY.fullmatch(organisation_id):
            return Recognised(OTHER, serial_number)
        return Recognised(ORGANISATION if may_sign else SYSTEM, serial_number)
    found = OCES2.fullmatch(serial_number)
    if found and issuer_organisation.startswith(FORMER_CENTRES):
        return Recognised(_OCES2[found[1]][0], serial_number)
    return None


def told(oces_id: str, kind: str) -> str:
    """What OCES calls it, in Danish; empty when it is none."""
    if found := OCES3.fullmatch(oces_id):
        if found[1].upper() == "O":
            return {SYSTEM: "OCES3-systemcertifikat", ORGANISATION: "OCES3-organisationscertifikat"}.get(
                kind, "OCES3-certifikat"
            )
        return "OCES3-brugercertifikat (en medarbejders)"
    found = OCES2.fullmatch(oces_id)
    return _OCES2[found[1]][1] if found else ""


__all__ = ["Recognised", "recognise", "told"]
