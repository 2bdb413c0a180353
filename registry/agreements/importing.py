"""``agreements.csv``: agreements matched on their number, or on name and system where they have none.

What an agreement covers is chosen in the portal: a file has one cell for each column, and it may cover many.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.db.models import Count

from registry.agreements import steps
from registry.agreements.tables import AGREEMENT_COLUMNS
from registry.importing import Column, FileFormat, Look
from registry.importing.formats import Values, choice_of, in_order, one_line, register, text
from registry.importing.values import (
    BadValue,
    parse_code,
    parse_date,
    parse_link,
    parse_uuid,
    parse_whole,
)
from registry.models import Agreement, AgreementKind, AgreementStatus, Asset, Environment
from registry.models.agreement import FIRST_DAY, IN_FORCE, LAST_DAY


def day(value: str) -> datetime.date | None:
    """A date of our time."""
    found = parse_date(value)
    if found is not None and not FIRST_DAY <= found <= LAST_DAY:
        raise BadValue(f"Årstallet skal ligge mellem {FIRST_DAY.year} og {LAST_DAY.year}.")
    return found


def months(value: str) -> int | None:
    return parse_whole(value, 1, 60)


def dates_of_status(values: Values) -> Iterator[tuple[str, str]]:
    """As the table asks: what is in force has begun, and what is ended has an end."""
    status = values.get("status")
    if status in IN_FORCE and not values.get("valid_from"):
        yield "valid_from", "Skriv, hvornår aftalen gælder fra, når den er aktiv eller opsagt."
    if status == AgreementStatus.TERMINATED and not values.get("valid_to"):
        yield "valid_to", "Skriv, hvornår den opsagte aftale gælder til."


def judge(look: Look) -> None:
    """Say which rows skip a step, name a component as system, or mean one of several with the same number."""
    shared = Agreement.objects.exclude(number="").order_by().values("number").annotate(n=Count("pk"))
    several = set(shared.filter(n__gt=1).values_list("number", flat=True))
    components = set(Asset.objects.components().values_list("code", flat=True))
    components |= {key[0] for key in look.files.get("components", {})}
    for row in look.rows:
        values = row.values
        if values.get("number") in several:
            message = "Flere aftaler har det nummer. Ret den, der menes, i portalen."
            look.say(row.row, "number", str(values["number"]), message)
        if values.get("system") in components:
            message = "Koden er en komponent. Vælg et fagsystem."
            look.say(row.row, "system_code", str(values["system"]), message)
        now = str(values.get("status", ""))
        was = row.old.values["status"] if row.old is not None else now
        if now != was and (refusal := steps.why_not(Agreement(status=was), now)):
            look.say(row.row, "status", now, refusal)


AGREEMENTS = FileFormat(
    name="agreements",
    label="Aftaler",
    model=Agreement,
    keys=("number",),
    otherwise=("name", "system_code"),
    rows=Agreement.objects.all,
    table=AGREEMENT_COLUMNS,
    computed=("standing", "covers", "last_notice_day", "next_review", "updated_at"),
    columns=(
        Column("number", "number", one_line(100)),
        Column("name", "name", one_line(200), required=True),
        Column("kind", "kind", choice_of(AgreementKind), required=True),
        Column("status", "status", choice_of(AgreementStatus), required=True),
        Column("environment", "environment", choice_of(Environment), required=True),
        Column("system_code", "system", parse_code, refers="asset"),
        Column("counterpart_code", "counterpart", parse_code, refers="organisation"),
        Column("unit_code", "unit", parse_code, refers="organisation"),
        Column("purpose", "purpose", text(2000)),
        Column("legal_basis", "legal_basis", one_line(500)),
        Column("requested_on", "requested_on", day),
        Column("decided_on", "decided_on", day),
        Column("valid_from", "valid_from", day),
        Column("valid_to", "valid_to", day),
        Column("notice_months", "notice_months", months),
        Column("review_months", "review_months", months, required=True),
        Column("reviewed_on", "reviewed_on", day),
        Column("uuid", "uuid", parse_uuid),
        Column("service_uuid", "service_uuid", parse_uuid),
        Column("system_uuid", "system_uuid", parse_uuid),
        Column("case_number", "case_number", one_line(60)),
        Column("url", "url", parse_link),
        Column("note", "note", text(5000)),
    ),
    used_once=(("uuid", "«{owner}» har allerede dette UUID."),),
    rules=(
        in_order(
            ("valid_from", "valid_from", "Gælder fra"), ("valid_to", "valid_to", "Slutdatoen"), strictly=True
        ),
        in_order(
            ("requested_on", "requested_on", "Anmodningen"),
            ("decided_on", "decided_on", "Afgørelsen"),
            strictly=False,
        ),
        dates_of_status,
    ),
    judge=judge,
    needs=("registry.add_agreement", "registry.change_agreement"),
)


def register_format() -> None:
    """Make the format known. For ``AppConfig.ready``."""
    register(AGREEMENTS)


__all__ = ["AGREEMENTS", "register_format"]
