"""The import format: which files there are, their columns, and what each column becomes.

A column's ``field`` is the model field it fills. The columns that people's files may also carry beyond
the published format (old names, periods) are here too, so that an export can be edited and read back.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from foi_portal.ui.tables import Column as ListColumn
from registry import tables
from registry.importing.targets import OWN, Target
from registry.importing.values import (
    BadValue,
    parse_choice,
    parse_code,
    parse_date,
    parse_link,
    parse_uuid,
    parse_whole,
    parse_yes_no,
)
from registry.models import (
    Asset,
    ComponentType,
    Criticality,
    Dependency,
    DependencyStatus,
    Direction,
    Importance,
    Kind,
    Level,
    Lifecycle,
    Organisation,
    OrganisationKind,
    PersonalData,
)

if TYPE_CHECKING:
    from registry.importing.judging import Look, Stored
    from registry.importing.plans import FilePlan, Key

Values = Mapping[str, Any]
# A rule sees a row's values as they will be, and yields (column, message) for each thing that does not fit.
Rule = Callable[[Values], Iterator[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the file, its field, how to read it, whether an empty cell is refused.

    ``refers`` is what it points at: "organisation", "component", "asset" or the name of a registered target. A code
    that may mean rows of several models has their ``attnames``, and a ``label`` as no field has one for it.
    ``also`` is what the list's export calls it, where that is something else.
    """

    name: str
    field: str
    parse: Callable[[str], Any] = str
    required: bool = False
    refers: str = ""
    attnames: tuple[str, ...] = ()
    label: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One kind of file. ``keys`` are the columns that say which row is meant and so must be there.

    ``computed`` are the columns of our own exports that say what follows from other rows: read past.
    ``table`` is the list's columns, whose headings people copy. No two rows share a value of ``used_once``:
    (column, message). ``shown`` keys name a row on the page. ``otherwise`` are the columns that together say which row
    is meant where the key is empty; the first of them must be filled then.

    ``rows`` are those to match with, ``narrow`` the key column whose values bound them. What no row can say of itself
    is said by ``judge``, which sees them all. Rows that are not simply written have ``stored`` and ``write``.
    ``needs`` are the permissions that who imports the file must have besides the one to import.
    """

    name: str
    label: str
    model: type[Model]
    columns: tuple[Column, ...]
    keys: tuple[str, ...] = ("code",)
    fixed: tuple[tuple[str, Any], ...] = ()
    rules: tuple[Rule, ...] = ()
    computed: tuple[str, ...] = ("updated_at",)
    table: tuple[ListColumn, ...] = ()
    used_once: tuple[tuple[str, str], ...] = ()
    shown: int = 2
    rows: Callable[[], QuerySet[Any]] | None = None
    narrow: str = ""
    otherwise: tuple[str, ...] = ()
    judge: Callable[[Look], None] | None = None
    stored: Callable[[], dict[Key, Stored]] | None = None
    write: Callable[[FilePlan], None] | None = None
    needs: tuple[str, ...] = ()

    def label_of(self, column: Column) -> str:
        """What people call the column."""
        return column.label or str(getattr(self.field(column.field), "verbose_name", column.name))

    def field(self, name: str) -> Any:
        """The model's field, or ``None`` where a column fills several."""
        try:
            return self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return None

    def is_whole(self, key: Key) -> bool:
        """Whether the key says which row is meant."""
        if self.otherwise and not key[0]:
            return len(key) > 1 and bool(key[1])
        by_name = self.by_name
        return all(part or not by_name[name].required for name, part in zip(self.keys, key, strict=True))

    @property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def text(limit: int) -> Callable[[str], str]:
    """A parser of text of at most ``limit`` signs."""

    def parse(value: str) -> str:
        if len(value) > limit:
            raise BadValue(f"Teksten er {len(value)} tegn lang. Den må højst være {limit}.")
        return value

    return parse


def one_line(limit: int) -> Callable[[str], str]:
    """A parser of text of at most ``limit`` signs, whose line breaks become blanks."""
    within = text(limit)
    return lambda value: within(" ".join(value.split()))


def criticality(value: str) -> int | None:
    """1–4, or as the screens write it: «4 Kritisk»."""
    for choice in Criticality:
        if value.casefold() in (choice.label.casefold(), choice.label[2:].casefold()):
            return int(choice)
    return parse_whole(value, min(Criticality.values), max(Criticality.values))


def dependency_status(value: str) -> str:
    """The status; the format's ``retired`` is kept as ``ended``."""
    if value.casefold() in ("retired", "udfaset"):
        return DependencyStatus.ENDED.value
    return choice_of(DependencyStatus)(value)


def choice_of(choices: Any) -> Callable[[str], str]:
    return partial(parse_choice, choices={str(value): str(label) for value, label in choices.choices})


def in_order(*columns: tuple[str, str, str], strictly: bool) -> Rule:
    """Each date before (``strictly``) or at the latest on the next that is given: (column, field, name)."""

    def rule(values: Values) -> Iterator[tuple[str, str]]:
        given: list[tuple[str, str, datetime.date]] = [
            (column, name, values[field]) for column, field, name in columns if values.get(field)
        ]
        for (_, earlier, first), (column, name, second) in pairwise(given):
            if second < first or (strictly and second == first):
                yield column, f"{name} skal ligge efter {earlier.lower()} ({first:%d-%m-%Y})."

    return rule


def lifecycle_in_order(values: Values) -> Iterator[tuple[str, str]]:
    """As the database says it: retired after active, phasing out between or on the same day."""
    yield from in_order(
        ("phasing_out_from", "phasing_out_from", "Udfases fra"),
        ("retired_from", "retired_from", "Slutdatoen"),
        strictly=False,
    )(values)
    for column in ("phasing_out_from", "retired_from"):
        start, end = values.get("active_from"), values.get(column)
        if start and end and (end < start or (column == "retired_from" and end == start)):
            yield column, f"Datoen skal ligge efter datoen for i drift ({start:%d-%m-%Y})."


def not_itself(column: str, field: str, key: str, message: str) -> Rule:
    def rule(values: Values) -> Iterator[tuple[str, str]]:
        if values.get(field) and values[field] == values[key]:
            yield column, message

    return rule


since = partial(parse_date, year_alone=True)

CODE = Column("code", "code", parse_code, required=True)
NAME = Column("name", "name", one_line(200), required=True)
LIFE = (
    Column("active_from", "active_from", since),
    Column("phasing_out_from", "phasing_out_from", since),
    Column("retired_from", "retired_from", since),
)

ORGANISATIONS = FileFormat(
    name="organisations",
    computed=("systems", "supplied", "updated_at"),
    table=tables.ORGANISATION_COLUMNS,
    label="Organisationer",
    model=Organisation,
    columns=(
        CODE,
        NAME,
        Column("kind", "kind", choice_of(OrganisationKind), required=True),
        Column("parent_code", "parent", parse_code, refers="organisation"),
        Column("valid_from", "valid_from", since),
        Column("valid_to", "valid_to", since),
    ),
    rules=(
        in_order(
            ("valid_from", "valid_from", "Gælder fra"), ("valid_to", "valid_to", "Slutdatoen"), strictly=True
        ),
        not_itself("parent_code", "parent", "code", "En organisation kan ikke høre under sig selv."),
    ),
)
COMPONENTS = FileFormat(
    name="components",
    computed=("uses", "used_by", "updated_at"),
    table=tables.COMPONENT_COLUMNS,
    label="Komponenter",
    model=Asset,
    fixed=(("kind", Kind.COMPONENT.value),),
    columns=(
        CODE,
        NAME,
        Column("parent_code", "parent", parse_code, refers="component"),
        Column("owner_code", "provider", parse_code, refers="organisation"),
        Column("level", "level", choice_of(Level), required=True),
        Column("kind", "component_type", choice_of(ComponentType), required=True),
        Column("status", "lifecycle", choice_of(Lifecycle), required=True),
        Column("description", "description", text(5000)),
        Column("successor_code", "successor", parse_code, refers="asset"),
        Column("url", "url", parse_link),
        Column("aliases", "aliases", one_line(500)),
        Column("criticality", "criticality", criticality),
        Column("needs_agreement", "needs_agreement", parse_yes_no),
        *LIFE,
    ),
    rules=(
        lifecycle_in_order,
        not_itself("parent_code", "parent", "code", "En komponent kan ikke høre til sig selv."),
        not_itself("successor_code", "successor", "code", "En komponent kan ikke afløses af sig selv."),
    ),
)
SYSTEMS = FileFormat(
    name="systems",
    computed=("uses", "used_by", "confirmed_on", "updated_at"),
    table=tables.SYSTEM_COLUMNS,
    label="Fagsystemer",
    model=Asset,
    fixed=(("kind", Kind.SYSTEM.value),),
    columns=(
        CODE,
        NAME,
        Column("vendor_code", "provider", parse_code, refers="organisation"),
        Column("department_code", "department", parse_code, refers="organisation"),
        Column("description", "description", text(5000)),
        Column("criticality", "criticality", criticality),
        Column("personal_data", "personal_data", choice_of(PersonalData)),
        Column("status", "lifecycle", choice_of(Lifecycle), required=True),
        Column("successor_code", "successor", parse_code, refers="asset"),
        Column("url", "url", parse_link),
        Column("aliases", "aliases", one_line(500)),
        Column("external_id", "external_id", parse_uuid),
        *LIFE,
    ),
    used_once=(("external_id", "«{owner}» har allerede dette KITOS-id."),),
    rules=(
        lifecycle_in_order,
        not_itself("successor_code", "successor", "code", "Et fagsystem kan ikke afløses af sig selv."),
    ),
)
DEPENDENCIES = FileFormat(
    name="dependencies",
    computed=("alternatives", "department", "updated_at"),
    table=tables.DEPENDENCY_COLUMNS,
    label="Afhængigheder",
    model=Dependency,
    keys=("source_code", "target_code", "direction"),
    rows=Dependency.objects.all,
    narrow="source_code",
    columns=(
        Column("source_code", "source", parse_code, required=True, refers="asset"),
        Column("target_code", "target", parse_code, required=True, refers="asset"),
        Column("purpose", "purpose", one_line(300)),
        Column("direction", "direction", choice_of(Direction), required=True),
        Column("importance", "importance", choice_of(Importance), required=True),
        Column("status", "status", dependency_status, required=True),
        Column("since", "since", since),
        Column("until", "until", since),
        Column("via_code", "via", parse_code, refers="asset"),
    ),
    rules=(
        in_order(("since", "since", "Siden"), ("until", "until", "Slutdatoen"), strictly=True),
        not_itself("target_code", "target", "source", "Noget kan ikke afhænge af sig selv. Vælg en anden."),
    ),
)
# In the order they lean on each other; registered ones come after.
FORMATS = {f.name: f for f in (ORGANISATIONS, COMPONENTS, SYSTEMS, DEPENDENCIES)}


def plain_name(name: str) -> str:
    """A file's or sheet's name as the formats are known by: ``Fagsystemer (2)`` → ``systems``."""
    bare = re.sub(r"\s*\(\d+\)$", "", name.strip().casefold()).replace("æ", "ae")
    return _DANISH_NAMES.get(bare, bare)


def plain_heading(cell: str) -> str:
    """A heading without case, blanks and hyphens: `` Hører-til `` → ``hører_til``."""
    return "_".join(cell.replace("\u00a0", " ").strip(" \ufeff\t\r\n").casefold().replace("-", " ").split())


def _headings(found: FileFormat) -> dict[str, str]:
    """Heading → column: its name, what the form calls it, what the list calls it. The first of these wins."""
    headings = {name: name for name in (*found.by_name, *found.computed)}
    for column in found.columns:
        if column.also:
            headings.setdefault(column.also, column.name)
        headings.setdefault(plain_heading(found.label_of(column)), column.name)
    for shown in found.table:
        headings.setdefault(plain_heading(shown.label), shown.name)
    return headings


# The portal's own exports are named as its lists are.
_DANISH_NAMES: dict[str, str] = {}
HEADINGS: dict[str, dict[str, str]] = {}
TARGETS: dict[str, Target] = {}


def register(found: FileFormat, *targets: Target) -> None:
    """Let files of the format be imported, after those already known, and its columns refer to ``targets``.

    For ``AppConfig.ready`` of an app above. Doing it twice does no harm.
    """
    FORMATS[found.name] = found
    TARGETS.update({target.name: target for target in targets})
    _DANISH_NAMES[found.label.casefold().replace("æ", "ae")] = found.name
    HEADINGS[found.name] = _headings(found)
    unknown = {column.refers for column in found.columns if column.refers} - {*OWN, *TARGETS}
    if unknown:
        raise ValueError(f"{found.name} refers to {', '.join(sorted(unknown))}, which is not registered.")


for _format in tuple(FORMATS.values()):
    register(_format)

# What people call the columns, for the suggestion when a column is unknown.
SPOKEN = {
    "kode": "code",
    "navn": "name",
    "type": "kind",
    "slags": "kind",
    "niveau": "level",
    "beskrivelse": "description",
    "link": "url",
    "kritikalitet": "criticality",
    "persondata": "personal_data",
    "leverandør": "vendor_code",
    "leverandor": "vendor_code",
    "leverandoer": "vendor_code",
    "vendor": "vendor_code",
    "ejer": "owner_code",
    "owner": "owner_code",
    "forvaltning": "department_code",
    "department": "department_code",
    "afdeling": "department_code",
    "hører til": "parent_code",
    "hører under": "parent_code",
    "parent": "parent_code",
    "afløses af": "successor_code",
    "afløser": "successor_code",
    "successor": "successor_code",
    "hvem bruger": "source_code",
    "system": "source_code",
    "kilde": "source_code",
    "source": "source_code",
    "hvad bruges": "target_code",
    "komponent": "target_code",
    "mål": "target_code",
    "target": "target_code",
    "formål": "purpose",
    "retning": "direction",
    "data": "direction",
    "betydning": "importance",
    "vigtighed": "importance",
    "svigter den": "importance",
    "siden": "since",
    "til": "until",
    "slutdato": "until",
    "mail": "email",
    "mailadresse": "email",
    "person": "person_email",
    "e-mail": "person_email",
    "email": "person_email",
    "rolle": "role_code",
    "omfang": "scope_code",
    "enhed": "unit_code",
    "brugernavn": "username",
    "fra": "since",
    "som": "part",
}
