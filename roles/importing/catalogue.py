"""``roles.csv``: the role catalogue. The first is taken into use; a later one is laid beside it to be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from itertools import chain, count
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from foi_portal.core import history
from registry.importing import Column, FileFormat, FilePlan, ImportRefused, Key, Look, RowPlan, Stored
from registry.importing.formats import choice_of, one_line, text
from registry.importing.values import parse_choice, parse_code, parse_whole
from registry.models import Asset
from roles.catalogue import MOST_HOLDERS, EntryValues, compare, prepare, take_into_use
from roles.importing.targets import has_catalogue
from roles.models import EditionEntry, EditionState, Phase, RoleEdition, RoleLevel, Verified

YES, NO = "yes", "no"
YES_NO = {YES: "ja", NO: "nej"}
WHERE = "Roller › Udgaver (/roller/udgaver/)"


def parse_scope(value: str) -> tuple[str, ...]:
    """Codes parted by ``;`` or ``,`` in a fixed order, as the order means nothing. Empty is every fagsystem."""
    return tuple(sorted({parse_code(code.strip()) for code in value.replace(",", ";").split(";")} - {""}))


def parse_yes_no(value: str) -> bool:
    return parse_choice(value, YES_NO) == YES


def parse_holders(value: str) -> int:
    return parse_whole(value, 1, MOST_HOLDERS) or 1


def choice_or(choices: Any, default: str) -> Callable[[str], str]:
    """A parser of a choice that is ``default`` where nothing is written."""
    parse = choice_of(choices)
    return lambda value: parse(value) or default


def in_use() -> dict[Key, Stored]:
    """The entries of the edition in use, by code."""
    edition = RoleEdition.objects.filter(state=EditionState.IN_USE).first()
    return _entries(edition) if edition else {}


def _entries(edition: RoleEdition) -> dict[Key, Stored]:
    fields = [column.field for column in ROLES.columns]
    return {
        (entry.code,): Stored(
            entry.pk,
            0,
            False,
            {name: getattr(entry, name) for name in fields} | {"scope": tuple(sorted(entry.scope))},
        )
        for entry in edition.entries.all()
    }


def judge(look: Look) -> None:
    """Say what the scopes name that is not there, and settle whether the file is an edition that is here already."""
    _check_scopes(look)
    _tell_gone(look)
    plan = look.plan
    if not plan.created and not plan.updated:
        return
    plan.whole = [_whole(row.values) for row in look.rows]
    if not look.stored:
        return
    coming = {row.key: _whole(row.values) for row in look.rows}
    prepared = RoleEdition.objects.current().filter(state=EditionState.PREPARED)
    for edition in prepared.prefetch_related("entries"):
        if {key: stored.values for key, stored in _entries(edition).items()} == coming:
            plan.created, plan.updated, plan.whole, plan.unchanged = [], [], [], len(coming)
            look.note(
                0,
                "",
                "",
                f"Er den samme som den forberedte udgave «{edition}». Sammenlign den under {WHERE}.",
            )
            return
    message = "Bliver en forberedt udgave ved siden af den, der er i brug. Rollerne ændres først, når den er "
    look.note(0, "", "", f"{message}sammenlignet og taget i brug under {WHERE}.")


def _check_scopes(look: Look) -> None:
    archived = set(Asset.objects.archived().values_list("code", flat=True))
    unsure = look.unread & {"components", "systems"}
    for row in look.rows:
        for code in row.values.get("scope", ()):
            if not look.is_known("asset", code):
                if not unsure:
                    message = "Der er ingen komponent eller fagsystem med den kode. Ret den, eller slet den."
                    look.say(row.row, "scope", code, message)
            elif code in archived:
                look.say(row.row, "scope", code, "Den er arkiveret i portalen. Gendan den, eller slet koden.")


def _tell_gone(look: Look) -> None:
    """What the edition in use has and the file has not: a change too, for an edition is the whole catalogue."""
    for key, stored in look.stored.items():
        if key not in look.keys:
            name = stored.values["name"]
            look.plan.updated.append(
                RowPlan(look.header_row, key, stored.pk, 0, {"name": name}, {"name": ""})
            )
            look.note(0, "", key[0], f"«{name}» er ikke med i udgaven.")


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with those of columns left out."""
    return {column.field: values.get(column.field, column.parse("")) for column in ROLES.columns}


def write(plan: FilePlan) -> None:
    """Keep the edition; take it into use when there is no catalogue yet. Errors: ``ImportRefused``."""
    if not plan.whole:
        return
    act = history.current()
    reason = act.reason if act else ""
    today = timezone.localdate()  # the day somebody said yes
    try:
        edition = prepare(
            actor=None, name=_name(today), entries=[EntryValues(**it) for it in plan.whole], note=reason
        )
    except ValidationError as error:
        raise ImportRefused(" ".join(error.messages)) from error
    if has_catalogue():
        return
    take_into_use(
        edition=edition,
        actor=None,
        on=today,
        version=edition.version,
        end_assignments=False,
        seen=compare(edition, today).digest,
        reason=reason,
    )


def _name(today: date) -> str:
    """A name that no edition has, archived ones included."""
    wanted = f"Rollekatalog importeret {today:%d-%m-%Y}"
    taken = set(RoleEdition.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    names = chain([wanted], (f"{wanted} ({number})" for number in count(2)))
    return next(name for name in names if name not in taken)


ROLES = FileFormat(
    name="roles",
    label="Rollekatalog",
    model=EditionEntry,
    columns=(
        Column("code", "code", parse_code, required=True),
        Column("name_da", "name", one_line(200), required=True, also="name"),
        Column("level", "level", choice_of(RoleLevel), required=True),
        Column("description_da", "description", text(5000), also="beskrivelse"),
        Column("scope", "scope", parse_scope, also="kræves_for"),
        Column("min_holders", "holders", parse_holders, also="antal_indehavere"),
        Column("deputy_required", "deputy_needed", parse_yes_no, also="stedfortræder"),
        Column("source", "source", one_line(500)),
        Column("version", "source_version", one_line(100), also="udgave"),
        Column("phase", "phase", choice_or(Phase, Phase.OPERATIONS.value)),
        Column("verified", "verified", choice_or(Verified, Verified.UNVERIFIED.value), also="bekræftet"),
    ),
    stored=in_use,
    judge=judge,
    write=write,
)

__all__ = ["NO", "ROLES", "YES"]
