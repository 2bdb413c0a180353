"""What a DER file is, told by its outermost structure alone. Pure; nothing is decoded, so no password is tried,
no key is loaded and a hostile file costs no more than a small one.

Lengths may be indefinite (BER): older tools write PKCS#12 and PKCS#7 so.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

INTEGER, BITS, OCTETS, OID, SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30
TIMES = (0x17, 0x18)
CONTEXT_0 = 0xA0
DEPTH = 40  # of indefinite lengths within each other
ENOUGH = 12  # parts of a sequence that are looked at


class Shape(Enum):
    CERTIFICATE = "certificate"
    REQUEST = "request"
    REVOCATIONS = "revocations"
    PKCS7 = "pkcs7"
    PKCS12 = "pkcs12"
    PRIVATE_KEY = "private key"
    PUBLIC_KEY = "public key"


class Unsound(ValueError):  # noqa: N818 - says what the data is
    """No DER or BER."""


def end_of(data: bytes, at: int = 0) -> int:
    """Where the element that begins at ``at`` ends. Errors: ``Unsound`` when it does not fit in the data."""
    _, begins, ends = _element(data, at)
    return ends if ends is not None else _end_of_indefinite(data, begins, 0)


SHAPES = {
    (SEQUENCE, BITS): Shape.PUBLIC_KEY,
    (INTEGER, INTEGER): Shape.PUBLIC_KEY,
    (SEQUENCE, OCTETS): Shape.PRIVATE_KEY,  # PKCS#8, encrypted
    (INTEGER, SEQUENCE): Shape.PKCS12,
    (INTEGER, SEQUENCE, SEQUENCE): Shape.PKCS12,
    (OID, CONTEXT_0): Shape.PKCS7,
}
KEYS = (
    (INTEGER, SEQUENCE, OCTETS),  # PKCS#8
    (INTEGER, OCTETS),  # SEC1: elliptic curves
    (INTEGER,) * 6,  # PKCS#1 has nine, DSA six; a public RSA key has two
)


def shape_of(data: bytes) -> Shape | None:
    """What the data is, as far as its structure tells; None when it is nothing that is known here."""
    parts = list(_parts(data, 0))
    tags = tuple(tag for tag, _ in parts)
    if tags == (SEQUENCE, SEQUENCE, BITS):
        return _signed(data, parts[0][1])
    if any(tags[: len(begins)] == begins for begins in KEYS):
        return Shape.PRIVATE_KEY
    return SHAPES.get(tags)


def _signed(data: bytes, at: int) -> Shape | None:
    """What stands signed: a certificate, a request for one, or a list of those revoked."""
    tags = tuple(tag for tag, _ in _parts(data, at))
    body = tags[1:] if tags[:1] == (CONTEXT_0,) else tags  # a certificate's version stands before
    if body[:6] == (INTEGER, *[SEQUENCE] * 5):
        return Shape.CERTIFICATE
    if body in ((INTEGER, SEQUENCE, SEQUENCE), (INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0)):
        return Shape.REQUEST
    if any(tag in TIMES for tag in body[:4]):
        return Shape.REVOCATIONS
    return None


def _parts(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Tag and place of the first parts of the sequence at ``at``; those that are whole. Nothing when it is none."""
    try:
        tag, place, ends = _element(data, at)
        if tag != SEQUENCE:
            return
        for _ in range(ENOUGH):
            if place >= (len(data) if ends is None else ends) or data[place : place + 2] == b"\0\0":
                return
            following = end_of(data, place)
            yield data[place], place
            place = following
    except Unsound:
        return


def _element(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Tag, where the content begins, and where it ends (None: indefinite)."""
    if at + 2 > len(data):
        raise Unsound
    tag, length, begins = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:  # tags of several bytes stand in nothing that is known here
        raise Unsound
    if length == 0x80:
        return tag, begins, None
    if length > 0x80:
        size = length & 0x7F
        if size > 4 or begins + size > len(data):
            raise Unsound
        length = int.from_bytes(data[begins : begins + size])
        begins += size
    if begins + length > len(data):
        raise Unsound
    return tag, begins, begins + length


def _end_of_indefinite(data: bytes, at: int, depth: int) -> int:
    """Where the content that begins at ``at`` ends: after its two zeroes."""
    if depth > DEPTH:
        raise Unsound
    while data[at : at + 2] != b"\0\0":
        _, begins, ends = _element(data, at)
        at = ends if ends is not None else _end_of_indefinite(data, begins, depth + 1)
    return at + 2


__all__ = ["Shape", "Unsound", "end_of", "shape_of"]
