"""Certificates and keys of every form, made for the tests in OCES3's shape. Kept: keys take time to make."""

from __future__ import annotations

import base64
import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from registry.certificates.reading import read
from registry.models import Certificate
from tests import factories

HOLDER = "UI:DK-O:G:ba2fa92e-6d23-4ef2-8139-8ee90a297cbe"
PASSWORD = b"hemmelig"
UTC = datetime.UTC
FACTS = (
    "subject",
    "issuer",
    "serial",
    "sha256",
    "key_usage",
    "oces_id",
    "valid_from",
    "valid_to",
    "expires_at",
    "pem",
)
KEY_FORMS = (  # names, for the keys themselves take time: a test that is not run makes none
    "rsa pkcs1 pem",
    "rsa pkcs1 pem, encrypted",
    "rsa pkcs8 pem",
    "ec pem",
    "pkcs8 pem, encrypted",
    "openssh",
    "dsa pem",
    "rsa pkcs1 der",
    "dsa der",
    "ec der",
    "rsa pkcs8 der",
    "ec pkcs8 der",
    "ed25519 pkcs8 der",
    "pkcs8 der, encrypted",
    "certificate, then key",
    "key, then certificate",
    "der certificate, then der key",
    "key called a certificate",
    "key in small letters",
    "key as UTF-16",
    "key as UTF-16 without its mark",
    "key as base64 alone",
    "putty",
    "pgp",
    "ssh2",
)
STORE_FORMS = (
    "p12 with a password",
    "p12 without",
    "p12 of indefinite length",
    "p12 as base64",
    "p12 called a certificate",
    "certificate, then p12",
    "jks",
    "jceks",
)


def moment(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


BEGINS, ENDS = moment(2025, 3, 1, 10), moment(2028, 3, 1, 10)


def name(**parts: str) -> x509.Name:
    """A name of C, O, OU, CN … in the order given."""
    oids = {
        "C": NameOID.COUNTRY_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "CN": NameOID.COMMON_NAME,
        "serial": NameOID.SERIAL_NUMBER,
        "company": NameOID.ORGANIZATION_IDENTIFIER,
    }
    return x509.Name([x509.NameAttribute(oids[part], text) for part, text in parts.items()])


ISSUER = name(C="DK", O="Den Danske Stat", CN="Den Danske Stat OCES udstedende-CA 1")
TEST_ISSUER = name(C="DK", O="Den Danske Stat", OU="Test - cti", CN="Den Danske Stat OCES udstedende-CA 1")
ROOT = name(C="DK", O="Den Danske Stat", CN="Den Danske Stat OCES rod-CA")


def holder(common_name: str = "Odense Kommune – KY (systemcertifikat)", **parts: str) -> x509.Name:
    shape = {"C": "DK", "company": "NTRDK-35209115", "O": "Odense Kommune", "serial": HOLDER}
    return name(**{**shape, "CN": common_name, **parts})


@cache
def key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(1024)  # noqa: S505 - quickly made, and protects nothing


def usage(*names: str) -> x509.KeyUsage:
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{each: each in names for each in known})


def made(
    subject: x509.Name | None = None,
    issuer: x509.Name = ISSUER,
    serial: int = 0x1B2B38B030B95E07C1B5FDF04BE7C81A76D386EF,
    since: datetime.datetime = BEGINS,
    until: datetime.datetime = ENDS,
    usages: tuple[str, ...] = ("digital_signature", "key_encipherment"),
    purposes: tuple[Any, ...] = (),
    authority: bool = False,
) -> x509.Certificate:
    """A certificate; without more an OCES3 system certificate of 2025–2028."""
    building = (
        x509.CertificateBuilder()
        .subject_name(holder() if subject is None else subject)
        .issuer_name(issuer)
        .public_key(key().public_key())
        .serial_number(serial)
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if usages:
        building = building.add_extension(usage(*usages), critical=True)
    if purposes:
        building = building.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return building.sign(key(), hashes.SHA256())


def organisation(**values: Any) -> x509.Certificate:
    usages = ("digital_signature", "content_commitment", "key_encipherment")
    return made(**{"usages": usages, "subject": holder("Odense Kommune"), **values})


def server(**values: Any) -> x509.Certificate:
    purposes = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    plain = {"subject": name(C="DK", O="Odense Kommune", CN="portal.odense.dk"), "purposes": purposes}
    return made(**{**plain, "issuer": name(C="NO", O="Buypass AS", CN="Buypass Class 2 CA 5"), **values})


def authorities() -> list[x509.Certificate]:
    """The two above an OCES3 certificate: who issued it, and the root."""
    signs = ("key_cert_sign", "crl_sign")
    return [
        made(subject=ISSUER, issuer=ROOT, serial=2, usages=signs, authority=True),
        made(subject=ROOT, issuer=ROOT, serial=1, usages=signs, authority=True),
    ]


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def p7(*certificates: x509.Certificate, encoding: Encoding = Encoding.DER) -> bytes:
    return pkcs7.serialize_certificates(list(certificates), encoding)


def p12(password: bytes | None = PASSWORD) -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"KY", key(), made(), authorities(), how)


def request(encoding: Encoding = Encoding.PEM) -> bytes:
    building = x509.CertificateSigningRequestBuilder().subject_name(holder())
    return building.sign(key(), hashes.SHA256()).public_bytes(encoding)


def revocations(encoding: Encoding = Encoding.DER) -> bytes:
    building = x509.CertificateRevocationListBuilder().issuer_name(ISSUER)
    building = building.last_update(moment(2026, 1, 1)).next_update(moment(2026, 2, 1))
    return building.sign(key(), hashes.SHA256()).public_bytes(encoding)


def public_key(encoding: Encoding = Encoding.PEM) -> bytes:
    return key().public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


@cache
def private_keys() -> dict[str, bytes]:
    """A private key in every form it is likely to come in."""
    locked = BestAvailableEncryption(PASSWORD)
    traditional, pkcs8 = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8
    ed = ed25519.Ed25519PrivateKey.generate()
    keys = {
        "rsa pkcs1 pem": rsa_key().private_bytes(Encoding.PEM, traditional, NoEncryption()),
        "rsa pkcs1 pem, encrypted": rsa_key().private_bytes(Encoding.PEM, traditional, locked),
        "rsa pkcs8 pem": rsa_key().private_bytes(Encoding.PEM, pkcs8, NoEncryption()),
        "ec pem": key().private_bytes(Encoding.PEM, traditional, NoEncryption()),
        "pkcs8 pem, encrypted": key().private_bytes(Encoding.PEM, pkcs8, locked),
        "openssh": ed.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        "dsa pem": dsa_key().private_bytes(Encoding.PEM, traditional, NoEncryption()),
        "rsa pkcs1 der": rsa_key().private_bytes(Encoding.DER, traditional, NoEncryption()),
        "dsa der": dsa_key().private_bytes(Encoding.DER, traditional, NoEncryption()),
        "ec der": key().private_bytes(Encoding.DER, traditional, NoEncryption()),
        "rsa pkcs8 der": rsa_key().private_bytes(Encoding.DER, pkcs8, NoEncryption()),
        "ec pkcs8 der": key().private_bytes(Encoding.DER, pkcs8, NoEncryption()),
        "ed25519 pkcs8 der": ed.private_bytes(Encoding.DER, pkcs8, NoEncryption()),
        "pkcs8 der, encrypted": rsa_key().private_bytes(Encoding.DER, pkcs8, locked),
    }
    plain = keys["rsa pkcs8 pem"]
    body = b"".join(plain.splitlines()[1:-1])
    return keys | {
        "certificate, then key": pem(made()) + plain,
        "key, then certificate": plain + pem(made()),
        "der certificate, then der key": der(made()) + keys["ec pkcs8 der"],
        "key called a certificate": plain.replace(b"PRIVATE KEY", b"CERTIFICATE"),
        "key in small letters": plain.lower(),
        "key as UTF-16": plain.decode().encode("utf-16"),
        "key as UTF-16 without its mark": plain.decode().encode("utf-16-le"),
        "key as base64 alone": body,
        "putty": b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
        "pgp": b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxx\n-----END PGP PRIVATE KEY BLOCK-----\n",
        "ssh2": b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nxx\n",
    }


@cache
def stores() -> dict[str, bytes]:
    """Files that hold a key beside the certificate."""
    return {
        "p12 with a password": p12(),
        "p12 without": p12(None),
        "p12 of indefinite length": b"\x30\x80\x02\x01\x03\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x01\0\0\0\0",
        "p12 as base64": base64.b64encode(p12()),
        "p12 called a certificate": b"-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(p12())
        + b"-----END CERTIFICATE-----\n",
        "certificate, then p12": der(made()) + p12(),
        "jks": b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(40),
        "jceks": b"\xce\xce\xce\xce\x00\x00\x00\x02" + bytes(40),
    }


def kept(certificate: x509.Certificate | None = None, **values: Any) -> Certificate:
    """A row whose facts were read from the certificate, as an upload makes it. ``assets`` are set too."""
    facts = read(der(certificate or made()))
    told = {name: getattr(facts, name) for name in FACTS}
    return factories.certificate(**{**told, "kind": facts.kind or "other", **values})
