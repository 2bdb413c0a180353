"""The demonstration's certificates: illustrative, with days from the day of loading, and public parts made on the spot.

In the file beside the landscape cells like ``+45`` are days from the day of loading. Where ``read`` is set, a
certificate in OCES3's shape is issued by a demonstration authority whose key is thrown away, and read as an upload is.
"""

from __future__ import annotations

import csv
import datetime
import uuid
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from registry.certificates.reading import Facts, read
from registry.models import Asset, Certificate, CertificateKind

FILE = Path(__file__).resolve().parents[1] / "demo" / "certificates" / "certificates.csv"
DENMARK = ZoneInfo("Europe/Copenhagen")
FACTS = ("subject", "issuer", "serial", "sha256", "key_usage", "oces_id", "expires_at", "pem")


def load(*, on: datetime.date) -> int:
    """Make the certificates, unless there are any. Out: how many."""
    if Certificate.objects.exists():
        return 0
    assets = dict(Asset.objects.values_list("code", "pk"))
    key = ec.generate_private_key(ec.SECP256R1())
    made: dict[str, Certificate] = {}
    users = []
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            made[row["name"]] = certificate = _row(row, on, key)
            certificate.replaces = made.get(row["replaces"])
            certificate.save()
            users += [
                Certificate.assets.through(certificate_id=certificate.pk, asset_id=assets[code])
                for code in row["assets"].split(";")
                if code in assets
            ]
    Certificate.assets.through._default_manager.bulk_create(users)
    return len(made)


def _row(row: dict[str, str], on: datetime.date, key: ec.EllipticCurvePrivateKey) -> Certificate:
    """One certificate, not saved."""
    certificate = Certificate(
        name=row["name"],
        kind=row["kind"],
        environment=row["environment"],
        valid_from=_day(row["valid_from"], on),
        valid_to=_day(row["valid_to"], on),
        revoked_on=_day(row["revoked_on"], on),
        for_one_system=bool(row["for_one_system"]),
        issuer=row["issuer"],
        location=row["location"],
        note=row["note"],
    )
    if row["read"] and certificate.valid_from and certificate.valid_to:
        facts = _issue(certificate, certificate.valid_from, certificate.valid_to, key)
        for name in FACTS:
            setattr(certificate, name, getattr(facts, name))
    return certificate


def _issue(
    certificate: Certificate, since: datetime.date, until: datetime.date, key: ec.EllipticCurvePrivateKey
) -> Facts:
    """A public certificate in OCES3's shape from a demonstration authority, as it is read."""
    holder = {
        NameOID.COUNTRY_NAME: "DK",
        NameOID.ORGANIZATION_IDENTIFIER: "NTRDK-35209115",
        NameOID.ORGANIZATION_NAME: "Odense Kommune",
        NameOID.SERIAL_NUMBER: f"UI:DK-O:G:{uuid.uuid5(uuid.NAMESPACE_URL, certificate.name)}",
        NameOID.COMMON_NAME: certificate.name[:64],
    }
    issuer = {
        NameOID.COUNTRY_NAME: "DK",
        NameOID.ORGANIZATION_NAME: "Den Danske Stat",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Demonstration",
        NameOID.COMMON_NAME: "Den Danske Stat OCES udstedende-CA (demonstration)",
    }
    signs = certificate.kind == CertificateKind.OCES_ORGANISATION
    usage = x509.KeyUsage(True, signs, True, False, False, False, False, False, False)
    issued = (
        x509.CertificateBuilder()
        .subject_name(_name(holder))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_ten_o_clock(since))
        .not_valid_after(_ten_o_clock(until))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return read(issued.public_bytes(Encoding.DER))


def _name(parts: dict[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts.items()])


def _ten_o_clock(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(10), DENMARK).astimezone(datetime.UTC)


def _day(cell: str, on: datetime.date) -> datetime.date | None:
    return on + datetime.timedelta(days=int(cell)) if cell else None


__all__ = ["load"]
