"""From what people write in a cell to a value. Pure: text in, value out, ``BadValue`` says what is wrong."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from foi_portal.core.fields import CODE_PATTERN, LinkField
from foi_portal.ui.export import FORMULA
from registry.importing.problems import nearest


class BadValue(Exception):  # noqa: N818  (it is a value, and it is bad)
    """The cell cannot be used; the text says why, in Danish."""


_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BLANKS = " \t\r\n\u00a0\u200b\u202f\ufeff"
_FORMULA = re.compile(r"^=\s*[-+(\[{'\"@#\w]")
# What ``foi_portal.ui.export.safe`` puts in: at the start, and after what may be taken for the end of a cell.
_GUARD = re.compile(rf"^'(?=\s*[{FORMULA}\t\r])|([;\t\r\n]\s*)'(?=[{FORMULA}])")
_CODE = re.compile(CODE_PATTERN)
_LINK = next(v for v in LinkField.default_validators if isinstance(v, RegexValidator))
_DAY_FIRST = re.compile(r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4})$", re.ASCII)
_YEAR_FIRST = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?$", re.ASCII)
_YEAR = re.compile(r"^\d{4}$", re.ASCII)
_SHORT_YEAR = re.compile(r"^\d{1,2}[-./]\d{1,2}[-./]\d{2}$", re.ASCII)
_NUMBER = re.compile(r"^-?(?:\d{1,3}(?:\.\d{3})+|\d{1,15})(?:,\d{1,10})?$", re.ASCII)
_POINT_NUMBER = re.compile(r"^-?(?:\d{1,3}(?:,\d{3})+|\d{1,15})\.\d{1,10}$", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2199


def clean(text: str) -> str:
    """A cell without blanks around it, with ``\\n`` for line ends and without each ``'`` an export put in.

    Errors: ``BadValue`` for a formula and for signs that cannot be seen or stored.
    """
    text = text.strip(_BLANKS).replace("\r\n", "\n").replace("\r", "\n")
    if _FORMULA.match(text):
        raise BadValue("Cellen er en formel. Skriv den værdi, den giver, i stedet.")
    if _INVISIBLE.search(text):
        raise BadValue("Cellen indeholder et usynligt styretegn. Skriv værdien forfra.")
    return _GUARD.sub(lambda found: found[1] or "", text)


def parse_code(text: str) -> str:
    """A code in upper case: ``" sf1520 "`` → ``"SF1520"``. Empty stays empty."""
    code = text.upper()
    if len(code) > 40:
        raise BadValue(f"Koden er {len(code)} tegn lang. Den må højst være 40.")
    if code and not _CODE.match(code):
        raise BadValue(
            "Koden må kun indeholde bogstaver, tal, punktum, bindestreg og understreg, "
            "og den skal begynde med et bogstav eller et tal."
        )
    return code


def parse_link(text: str) -> str:
    """An http, https or mailto address of at most 500 signs, or nothing."""
    if len(text) > 500:
        raise BadValue(f"Adressen er {len(text)} tegn lang. Den må højst være 500.")
    if text:
        try:
            _LINK(text)
        except ValidationError as error:
            raise BadValue(error.messages[0]) from error
    return text


def parse_date(text: str, *, year_alone: bool = False) -> datetime.date | None:
    """A date: ``31-12-2026``, ``31.12.2026``, ``31/12/2026``, ``2026-12-31``.

    In: ``year_alone`` also takes ``2019`` and makes it 1 January 2019. Out: ``None`` for nothing.
    """
    if not text:
        return None
    if year_alone and _YEAR.match(text):
        year, month, day = int(text), 1, 1
    elif match := _DAY_FIRST.match(text):
        day, month, year = map(int, match.groups())
    elif match := _YEAR_FIRST.match(text):
        year, month, day = map(int, match.groups())
    elif _SHORT_YEAR.match(text):
        raise BadValue("Skriv årstallet med fire cifre, for eksempel 31-12-2026.")
    else:
        raise BadValue("Skriv en dato som 31-12-2026" + (" eller et årstal som 2026." if year_alone else "."))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue(f"Årstallet skal ligge mellem {FIRST_YEAR} og {LAST_YEAR}.")
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise BadValue("Datoen findes ikke i kalenderen.") from None


def parse_number(text: str) -> Decimal | None:
    """A number as Danes write it (``1.234.567,50``), or with a decimal point (``1234567.50``).

    A point followed by exactly three digits separates thousands: ``1.234`` is 1234. A comma in a number
    without points is the decimal comma. Out: ``None`` for nothing.
    """
    plain = re.sub(r"[\s\u00a0\u202f]|kr\.?$", "", text, flags=re.IGNORECASE).replace("−", "-")
    if not plain:
        if text:
            raise BadValue("Skriv et tal, for eksempel 1.234.567,50.")
        return None
    if _NUMBER.match(plain):
        return Decimal(plain.replace(".", "").replace(",", "."))
    if _POINT_NUMBER.match(plain):
        return Decimal(plain.replace(",", ""))
    raise BadValue("Skriv et tal, for eksempel 1.234.567,50.")


def parse_whole(text: str, first: int, last: int) -> int | None:
    """A whole number from ``first`` to ``last``, or ``None`` for nothing."""
    try:
        number = parse_number(text)
    except BadValue:
        raise BadValue(f"Skriv et tal fra {first} til {last}.") from None
    if number is None:
        return None
    if number != number.to_integral_value() or not first <= number <= last:
        raise BadValue(f"Tallet skal være mellem {first} og {last}.")
    return int(number)


def parse_choice(text: str, choices: Mapping[str, str]) -> str:
    """One of ``choices`` (stored value → Danish label), written as either, in any case. Empty stays empty."""
    if not text:
        return ""
    wanted = text.casefold()
    for value, label in choices.items():
        if wanted in (value.casefold(), label.casefold(), value.replace("_", " ").casefold()):
            return value
    meant = nearest(wanted, choices)
    hint = f"Mente du «{meant}»? " if meant else ""
    raise BadValue(f"Værdien kendes ikke. {hint}Brug en af: {', '.join(choices)}.")


YES, NO = ("ja", "yes", "true", "sand", "sandt", "1", "x"), ("", "nej", "no", "false", "falsk", "falskt", "0")


def parse_yes_no(text: str) -> bool:
    """Yes or no, as people, spreadsheets and our own exports write it. Nothing is no."""
    if text.casefold() in (*YES, *NO):
        return text.casefold() in YES
    raise BadValue("Skriv ja eller nej.")


def parse_uuid(text: str) -> uuid.UUID | None:
    """A UUID as KITOS shows it, or ``None`` for nothing."""
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadValue("Skriv et UUID, for eksempel 4f3d1a52-7c1e-4b8e-9a34-d0c2b6f1a977.") from None
