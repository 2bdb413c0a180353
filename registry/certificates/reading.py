"""A public certificate's file → its facts. Pure: bytes in, facts out, ``Refused`` with a Danish sentence otherwise.

PEM, DER, PKCS#7 in both encodings, and base64 without armour. Of a chain the end certificate is taken; nothing else of
the file is kept. What holds a private key is refused by its marks and structure before anything is decoded. Signatures,
trust and revocation are not judged: the portal keeps count of certificates, it does not accept them.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from foi_portal.ui import formats
from registry.certificates import oces
from registry.certificates.shapes import Shape, Unsound, end_of, shape_of

MAX_BYTES = 512 * 1024
MAX_CHAIN = 20
NAME_LENGTH, USAGE_LENGTH, SERIAL_LENGTH, ID_LENGTH = 1000, 300, 80, 200  # of the columns
FIRST_YEAR, LAST_YEAR = 1990, 2099
DENMARK = ZoneInfo("Europe/Copenhagen")

ADVICE = (
    "Den er afvist, og intet er gemt. Upload kun den offentlige del (.cer, .crt, .pem eller .p7b). "
    "Nøglen har nu været sendt over nettet: overvej, om certifikatet skal spærres og udstedes igen."
)
PRIVATE_KEY = f"Filen indeholder en privat nøgle. {ADVICE}"
PKCS12 = f"Filen er en PKCS#12 (.p12 eller .pfx), som rummer den private nøgle. {ADVICE}"
KEYSTORE = f"Filen er et nøglelager (JKS), som kan rumme private nøgler. {ADVICE}"
NOT_ONE = "Filen er ikke et certifikat. Vælg den offentlige del som .cer, .crt, .pem eller .p7b."
DAMAGED = (
    "Certifikatet kan ikke læses. Filen er måske beskadiget. Hent den igen, eller skriv oplysningerne selv."
)
EMPTY = "Filen er tom. Vælg en anden."
REQUEST = (
    "Filen er en anmodning om et certifikat (CSR), ikke certifikatet selv. "
    "Vælg den fil, som udstederen har sendt tilbage."
)
PUBLIC_KEY = "Filen er kun en offentlig nøgle, ikke et certifikat. Vælg certifikatet."
REVOCATIONS = "Filen er en liste over spærrede certifikater (CRL), ikke et certifikat. Vælg certifikatet."
PACKED = "Filen er pakket. Pak den ud, og vælg certifikatet."
MORE_AFTER = (
    "Filen indeholder mere end certifikatet: der står noget efter det, som ikke er et certifikat. "
    "Fjern det, eller hent certifikatet igen."
)
TOO_MANY = f"Der er flere end {MAX_CHAIN} certifikater i filen. Upload certifikatet alene eller med sin kæde."
TOO_LARGE = (
    f"Filen fylder mere end {MAX_BYTES // 1024} kB. "
    "Et certifikat med sin kæde fylder sjældent over 20 kB. Er det den rigtige fil?"
)
NO_NAMES = (
    "Navnene i certifikatet kan ikke læses. Er det den rigtige fil? Ellers skriv oplysningerne selv uden fil."
)


class Refused(ValueError):  # noqa: N818 - as the other services' refusals
    """The file is not taken; the message says why and what to do, in Danish. Holds nothing of the file."""


class HoldsKey(Refused):
    """The file holds a private key, or may do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says. Days are Danish; ``valid_to`` is the day on which it stops working, at ``expires_at``.

    ``serial`` and ``sha256`` are lower-case hex without signs between. ``kind`` is a value of ``CertificateKind``,
    empty when the certificate does not tell. ``pem`` is the certificate alone, written anew.
    """

    name: str
    kind: str
    subject: str
    issuer: str
    serial: str
    sha256: str
    key_usage: str
    oces_id: str
    valid_from: datetime.date
    valid_to: datetime.date
    expires_at: datetime.datetime
    is_test: bool
    pem: str

    @property
    def oces(self) -> str:
        """What OCES calls it, in Danish; empty when it is none."""
        return oces.told(self.oces_id, self.kind)


def has_key_mark(data: bytes) -> bool:
    """Whether a private key's own mark stands in it, in whatever encoding."""
    return KEY_MARK.search(data.replace(b"\0", b"")) is not None  # UTF-16 has a zero for every other byte


def read(data: bytes) -> Facts:
    """The facts of the end certificate in the file. Errors: ``Refused``, and nothing else whatever the bytes are."""
    try:
        return _facts(_end_certificate(_certificates(data)))
    except Refused:
        raise
    except Exception:  # the library has many errors of its own, and their texts are no help to the reader
        raise Refused(DAMAGED) from None


# --- From bytes to certificates -------------------------------------------------------------------------------

# «-----BEGIN EC PRIVATE KEY-----», «---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----», «BEGIN PGP PRIVATE KEY BLOCK» …
KEY_MARK = re.compile(rb"BEGIN[ A-Z0-9]{0,40}PRIVATE KEY|PuTTY-User-Key-File", re.IGNORECASE)
KEYSTORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf")
UTF16 = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
BEGIN, DASHES = "-----BEGIN ", "-----"


def _certificates(data: bytes) -> list[x509.Certificate]:
    if len(data) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    if not data.strip():
        raise Refused(EMPTY)
    if has_key_mark(data):
        raise HoldsKey(PRIVATE_KEY)
    if data.startswith(KEYSTORES):
        raise HoldsKey(KEYSTORE)
    if shape_of(data) is not None:
        return _of_der(data)
    text = _text(data)
    if text is None:
        raise Refused(PACKED if data.startswith(ARCHIVES) else NOT_ONE)
    if BEGIN in text:
        return _of_pem(text)
    return _of_der(_base64(text, NOT_ONE))


def _text(data: bytes) -> str | None:
    """The file as text, or None when it is none: any sign but line ends and tabs that cannot be seen."""
    try:
        text = (
            data.decode("utf-16")
            if data.startswith(UTF16)
            else data.removeprefix(UTF8_MARK).decode("latin-1")
        )
    except UnicodeDecodeError:
        return None
    return None if any(sign < " " and sign not in "\t\r\n\f" for sign in text) else text


def _base64(text: str, otherwise: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(otherwise) from None


def _of_pem(text: str) -> list[x509.Certificate]:
    """What stands between the marks. Text before and between is explanation; after the last there must be none."""
    if text.count(BEGIN) > MAX_CHAIN:
        raise Refused(TOO_MANY)
    found: list[x509.Certificate] = []
    at, after = text.find(BEGIN), 0
    while at >= 0:
        closed = text.find(DASHES, at + len(BEGIN))
        label = text[at + len(BEGIN) : closed] if closed >= 0 else ""
        end_mark = f"-----END {label}-----"
        end = text.find(end_mark, closed)
        if closed < 0 or end < 0:
            raise Refused(DAMAGED)
        found += _of_der(_base64(text[closed + len(DASHES) : end], DAMAGED))
        after = end + len(end_mark)
        at = text.find(BEGIN, after)
    if text[after:].strip():
        raise Refused(MORE_AFTER)
    return found


REFUSALS = {
    Shape.REQUEST: REQUEST,
    Shape.PUBLIC_KEY: PUBLIC_KEY,
    Shape.REVOCATIONS: REVOCATIONS,
    None: NOT_ONE,
}


def _of_der(data: bytes) -> list[x509.Certificate]:
    shape = shape_of(data)
    _refuse_keys(shape)
    if shape not in (Shape.CERTIFICATE, Shape.PKCS7):
        raise Refused(REFUSALS[shape])
    try:
        rest = data[end_of(data) :]
    except Unsound:
        raise Refused(DAMAGED) from None
    if rest:
        _refuse_keys(shape_of(rest))
        raise Refused(MORE_AFTER)
    if shape is Shape.CERTIFICATE:
        return [x509.load_der_x509_certificate(data)]
    found = pkcs7.load_der_pkcs7_certificates(data)
    if len(found) > MAX_CHAIN:
        raise Refused(TOO_MANY)
    return found


def _refuse_keys(shape: Shape | None) -> None:
    if shape is Shape.PRIVATE_KEY:
        raise HoldsKey(PRIVATE_KEY)
    if shape is Shape.PKCS12:
        raise HoldsKey(PKCS12)


def _end_certificate(chain: Sequence[x509.Certificate]) -> x509.Certificate:
    """The one that has issued no other of them; among several such the one that is no certificate authority."""
    if len(chain) > MAX_CHAIN:
        raise Refused(TOO_MANY)
    different = {each.fingerprint(hashes.SHA256()): each for each in chain}
    issuers = {each.issuer for each in different.values() if each.issuer != each.subject}
    ends = [each for each in different.values() if each.subject not in issuers]
    if len(ends) > 1:
        ends = [each for each in ends if not _is_authority(each)] or ends
    if len(ends) == 1:
        return ends[0]
    if not ends:
        raise Refused("Certifikaterne i filen udsteder hinanden i ring. Upload certifikatet alene.")
    names = "; ".join(sorted(formats.plain(_readable(each.subject)[:80]) for each in ends)[:4])
    raise Refused(
        f"Der er {len(ends)} certifikater i filen, som ikke er hinandens kæde: {names}. Upload ét ad gangen."
    )


# --- From a certificate to its facts --------------------------------------------------------------------------

NAMES = {
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    NameOID.EMAIL_ADDRESS: "emailAddress",
    NameOID.GIVEN_NAME: "givenName",
    NameOID.SURNAME: "surname",
}
USAGES = {
    "digital_signature": "digital signatur",
    "content_commitment": "underskrift eller segl",
    "key_encipherment": "kryptering af nøgler",
    "data_encipherment": "kryptering af data",
    "key_agreement": "aftale om nøgler",
    "key_cert_sign": "udstedelse af certifikater",
    "crl_sign": "udstedelse af spærrelister",
}
EXTENDED = {
    ExtendedKeyUsageOID.SERVER_AUTH: "server (TLS)",
    ExtendedKeyUsageOID.CLIENT_AUTH: "klient (TLS)",
    ExtendedKeyUsageOID.CODE_SIGNING: "underskrift af programmer",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "sikker e-mail",
    ExtendedKeyUsageOID.TIME_STAMPING: "tidsstempling",
    ExtendedKeyUsageOID.OCSP_SIGNING: "svar om spærring (OCSP)",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "alle formål",
}
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # categories: controls, direction marks, line ends of Unicode


Extension = TypeVar("Extension", bound=x509.ExtensionType)


def _facts(certificate: x509.Certificate) -> Facts:
    subject, issuer = _name(certificate.subject), _name(certificate.issuer)
    serial = format(certificate.serial_number, "x")
    if certificate.serial_number < 0 or len(serial) > SERIAL_LENGTH:
        raise Refused(DAMAGED)
    valid_from, valid_to, expires_at = _period(certificate)
    usages = _usages(certificate)
    extended = _extended(certificate)
    recognised = oces.recognise(
        serial_number=_one(certificate.subject, NameOID.SERIAL_NUMBER),
        organisation_id=_one(certificate.subject, NameOID.ORGANIZATION_IDENTIFIER),
        issuer_organisation=_one(certificate.issuer, NameOID.ORGANIZATION_NAME),
        may_sign=USAGES["content_commitment"] in usages,
    )
    kind = "server" if EXTENDED[ExtendedKeyUsageOID.SERVER_AUTH] in extended else ""
    return Facts(
        name=_one(certificate.subject, NameOID.COMMON_NAME)[:200],
        kind=recognised.kind if recognised else kind,
        subject=subject,
        issuer=issuer,
        serial=serial,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        key_usage=_cut(", ".join([*usages, *extended]), USAGE_LENGTH),
        oces_id=recognised.oces_id[:ID_LENGTH] if recognised else "",
        valid_from=valid_from,
        valid_to=valid_to,
        expires_at=expires_at,
        is_test=bool(recognised)
        and "test" in _one(certificate.issuer, NameOID.ORGANIZATIONAL_UNIT_NAME).casefold(),
        pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )


def _name(name: x509.Name) -> str:
    """As RFC 4514 has it, the most particular first, but with a blank after each comma and Danish letters as such."""
    values = "".join(each.value for each in name if isinstance(each.value, str))
    text = _readable(name)
    if not text or len(text) > NAME_LENGTH or any(unicodedata.category(sign) in UNSEEN for sign in values):
        raise Refused(NO_NAMES)
    return text


def _readable(name: x509.Name) -> str:
    return ", ".join(part.rfc4514_string(NAMES) for part in reversed(name.rdns))


def _one(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The name's only value of this sort; empty when there is none or there are several."""
    found = name.get_attributes_for_oid(oid)
    value = found[0].value if len(found) == 1 else ""
    return value if isinstance(value, str) else ""


def _period(certificate: x509.Certificate) -> tuple[datetime.date, datetime.date, datetime.datetime]:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    for moment in (begins, ends):
        if (
            not FIRST_YEAR <= moment.year <= LAST_YEAR
            or not FIRST_YEAR <= moment.astimezone(DENMARK).year <= LAST_YEAR
        ):
            raise Refused(
                f"Certifikatet gælder fra {formats.date(begins)} til {formats.date(ends)}. Datoerne skal ligge mellem "
                f"{FIRST_YEAR} og {LAST_YEAR}. Er det den rigtige fil? Ellers skriv oplysningerne selv uden fil."
            )
    first, last = begins.astimezone(DENMARK).date(), ends.astimezone(DENMARK).date()
    if last <= first:
        raise Refused(
            f"Certifikatet gælder ikke ud over {formats.date(first)}. Portalen holder øje med dem, der gælder i dage."
        )
    return first, last, ends


def _usages(certificate: x509.Certificate) -> list[str]:
    """What the key may be used for, in words; nothing when the certificate does not say, or says it unreadably."""
    usage = _extension(certificate, x509.KeyUsage)
    return [word for name, word in USAGES.items() if usage is not None and getattr(usage, name)]


def _extended(certificate: x509.Certificate) -> list[str]:
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    return [EXTENDED.get(oid, oid.dotted_string) for oid in purposes or ()]


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _extension(certificate: x509.Certificate, sort: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(sort).value
    except Exception:  # lacking, or one of them is of another making than the library reads
        return None


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


__all__ = ["MAX_BYTES", "MAX_CHAIN", "Facts", "HoldsKey", "Refused", "has_key_mark", "read"]
