"""``people.csv``: people by e-mail, or by name and unit where there is none.

A row that is there is corrected; nobody is removed by being left out.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from registry.importing import Column, FileFormat, Look
from registry.importing.formats import in_order, one_line, since
from registry.importing.values import BadValue, parse_code
from roles.models import Person


def parse_email(text: str) -> str:
    """An e-mail address in lower case, or nothing."""
    email = text.lower()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise BadValue("Skriv en e-mailadresse som navn@odense.dk.") from None
    if len(email) > 254:
        raise BadValue(f"E-mailadressen er {len(email)} tegn lang. Den må højst være 254.")
    return email


def judge(look: Look) -> None:
    """Tell of new people who may be there already under another address or none."""
    new = [row for row in look.rows if row.old is None]
    if not new:
        return
    current = Person.objects.current().order_by("-pk").values_list("name", "email")
    there = {_spoken(name): email for name, email in current}
    for row in new:
        name = _spoken(str(row.values.get("name", "")))
        if name in there and not row.key[0] and not row.values.get("unit"):
            message = "Der er allerede en person med det navn. Skriv e-mail eller enhed på den, der menes."
            look.say(row.row, "email", "", message)
        elif name in there:
            email = there[name]
            message = (
                f"Der er allerede en person med det navn ({email or 'uden e-mail'}). "
                "Er det den samme, så ret e-mailadressen, før du gennemfører."
            )
            look.note(row.row, "name", str(row.values["name"]), message)
    doubles = Person.objects.archived().exclude(merged_into=None).exclude(email="")
    merged = dict(doubles.values_list("email", "merged_into__name"))
    for row in new:
        if row.key[0] and row.key[0] in merged:
            message = f"Personen er lagt sammen med {merged[row.key[0]]}. Ret den person i stedet, eller slet rækken."
            look.say(row.row, "email", row.key[0], message)


def _spoken(name: str) -> str:
    return " ".join(name.casefold().split())


PEOPLE = FileFormat(
    name="people",
    label="Personer",
    computed=("roles", "absent", "updated_at"),
    model=Person,
    keys=("email",),
    otherwise=("name", "unit_code"),
    columns=(
        Column("email", "email", parse_email),
        Column("name", "name", one_line(200), required=True),
        Column("phone", "phone", one_line(40)),
        Column("title", "title", one_line(200)),
        Column("unit_code", "unit", parse_code, refers="organisation", also="unit"),
        Column("active_from", "active_from", since),
        Column("active_to", "active_to", since),
        Column("username", "user", one_line(150), refers="user"),
    ),
    rules=(
        in_order(
            ("active_from", "active_from", "Ansættelsen"),
            ("active_to", "active_to", "Fratrædelsen"),
            strictly=True,
        ),
    ),
    used_once=(("username", "Brugeren hører allerede til {owner}."),),
    rows=Person.objects.current,
    judge=judge,
)

__all__ = ["PEOPLE", "parse_email"]
