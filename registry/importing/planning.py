"""What an import would do: every row against the registry and the other files, before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Model
from django.db.models.fields import NOT_PROVIDED

from registry.importing.formats import (
    COMPONENTS,
    FORMATS,
    ORGANISATIONS,
    SYSTEMS,
    TARGETS,
    Column,
    FileFormat,
)
from registry.importing.judging import Judged, Look, Stored
from registry.importing.plans import FilePlan, Key, Plan, RowPlan
from registry.importing.problems import Problem, Suggester, shorten, sort_problems
from registry.importing.reading import Reading, Sheet
from registry.importing.targets import Names
from registry.importing.values import BadValue, clean
from registry.models import Asset, Kind, Organisation

Progress = Callable[[str, int, int], None]
BATCH = 1_000
KIND_WORDS = {Kind.COMPONENT.value: "en komponent", Kind.SYSTEM.value: "et fagsystem"}


class _Named(str):
    """What stands where a code should, and can be no code: perhaps a name."""

    __slots__ = ()


@dataclass(slots=True)
class _Row:
    """A row of a sheet, read. ``bad`` are the fields that could not be."""

    row: int
    key: Key
    values: dict[str, Any]
    bad: set[str]


def make_plan(reading: Reading, progress: Progress = lambda _text, _done, _total: None) -> Plan:
    """Check everything and plan it. In: what was read; ``progress(text, done, total)`` is called now and then.

    Reads the registry with a number of queries that does not depend on what is in it (dependencies: one per
    thousand rows). Never raises for what the files hold.
    """
    planner = _Planner(reading, progress)
    files = planner.run()
    order = {sheet.file: position for position, sheet in enumerate(_in_order(reading.sheets))}
    return Plan(
        files=files,
        problems=sort_problems(planner.problems, order),
        notes=sort_problems(planner.notes, order),
    )


def _in_order(sheets: Mapping[str, Sheet]) -> list[Sheet]:
    return [sheets[name] for name in FORMATS if name in sheets]


class _Planner:
    """One planning: the registry's rows, the files' rows, and the questions asked of both."""

    def __init__(self, reading: Reading, progress: Progress) -> None:
        self.reading = reading
        self.problems = list(reading.problems)
        self.notes = list(reading.notes)
        self.progress = progress
        self.total = sum(len(sheet.table.rows) for sheet in reading.sheets.values())
        self.done = 0
        self.rows: dict[str, list[_Row]] = {}
        self.given_organisations: set[str] = set()
        self.organisation_codes = dict(Organisation.objects.values_list("pk", "code"))
        self.asset_codes = dict(Asset.objects.values_list("pk", "code"))
        refers = {column.refers for sheet in reading.sheets.values() for column in sheet.format.columns}
        self.targets = {name: Names(target) for name, target in TARGETS.items() if name in refers}
        self.organisations = self._load(ORGANISATIONS, Organisation.objects.all())
        # Either format's fields will do for the other's rows: both are the same table.
        self.assets = {
            **self._load(COMPONENTS, Asset.objects.components()),
            **self._load(SYSTEMS, Asset.objects.systems()),
        }
        self.kinds = dict(Asset.objects.values_list("code", "kind"))
        self.given: dict[str, set[str]] = {}  # what the files bring of each
        self.planned: dict[str, dict[Key, Mapping[str, Any]]] = {}

    def run(self) -> list[FilePlan]:
        for sheet in _in_order(self.reading.sheets):
            self.rows[sheet.format.name] = list(self._parse(sheet))
        # Also rows with other faults: that a row is wrong does not make its code unknown.
        self.given_organisations = {row.key[0] for row in self.rows.get(ORGANISATIONS.name, [])}
        self._settle_kinds()
        self._suggesters = {
            "organisation": Suggester(self._names(("organisations",), _stored_names(self.organisations))),
            "asset": Suggester(self._names(("components", "systems"), _stored_names(self.assets))),
        }
        for name, target in self.targets.items():
            bringing = target.target.brought_by()
            rows = [row for each in bringing for row in self.rows.get(each, [])]
            self.given[name] = {row.key[0] for row in rows}
            self._suggesters[name] = Suggester(self._names(bringing, target.names))
        self._find_by_name()
        files = []
        for sheet in _in_order(self.reading.sheets):
            self._find_otherwise(sheet)
            rows = self._without_duplicates(sheet)
            if sheet.format in (ORGANISATIONS, COMPONENTS):
                self._check_loops(sheet, rows)
            files.append(self._plan(sheet, rows))
        return files

    # What the registry has

    def _load(self, found: FileFormat, queryset: Any) -> dict[Key, Stored]:
        """Rows by key, with the values of the format's fields, foreign keys as codes."""
        names = [_attnames(found.model, column) for column in found.columns]
        codes = [self._codes(column) for column in found.columns]
        keys = [found.columns.index(found.by_name[name]) for name in found.keys]
        flat = [name for several in names for name in several]
        places = _places(names)
        stored = {}
        for row in queryset.values_list("pk", "version", "archived_at", *flat).iterator():
            (pk, version, archived_at), cells = row[:3], row[3:]
            values = [
                cells[place] if code is None else code.get(cells[place])
                for code, place in zip(codes, places, strict=True)
            ]
            key = tuple(_part(values[i]) for i in keys)
            by_field = {column.field: value for column, value in zip(found.columns, values, strict=True)}
            if found.otherwise and not any(key):
                key = (*_key(found, by_field), str(pk))  # several can be alike
            if found.is_whole(key):  # nobody can mean the others
                stored[key] = Stored(pk, version, archived_at is not None, by_field)
        return stored

    def _codes(self, column: Column) -> Mapping[Any, str] | None:
        """Key → code; several attributes are keys together."""
        if not column.refers:
            return None
        if column.refers in self.targets:
            codes = self.targets[column.refers].codes
            return codes if len(column.attnames) > 1 else {keys[0]: code for keys, code in codes.items()}
        return self.organisation_codes if column.refers == "organisation" else self.asset_codes

    def _stored(self, found: FileFormat, rows: list[_Row]) -> dict[Key, Stored]:
        if found.stored is not None:
            return found.stored()
        if found.rows is None:
            return self.organisations if found is ORGANISATIONS else self.assets
        if not found.narrow:
            return self._load(found, found.rows())
        column = found.by_name[found.narrow]
        keys = {code: key for key, code in (self._codes(column) or {}).items()}
        wanted = sorted(
            {keys[row.values[column.field]] for row in rows if row.values.get(column.field) in keys}
        )
        stored: dict[Key, Stored] = {}
        for start in range(0, len(wanted), BATCH):
            bound = {f"{column.field}_id__in": wanted[start : start + BATCH]}
            stored |= self._load(found, found.rows().filter(**bound))
        return stored

    # What the files have

    def _parse(self, sheet: Sheet) -> Iterator[_Row]:
        columns = [(sheet.format.by_name[name], index) for name, index in sheet.columns.items()]
        known: dict[tuple[str, str], Any] = {}  # the same few values stand in most rows
        for row, cells in sheet.table.rows[1:]:
            self._tick(f"Læser {sheet.format.label.lower()}")
            if len(cells) > sheet.width:
                self._say(
                    sheet, row, "", cells[sheet.width], "Rækken har flere felter, end der er kolonnenavne."
                )
                continue
            values: dict[str, Any] = {}
            bad: set[str] = set()
            for column, index in columns:
                text = cells[index] if index < len(cells) else ""
                fault = sheet.table.faults.get((row, index))
                if fault is None:
                    if (column.name, text) not in known:
                        known[column.name, text] = _value(column, text)
                    value = known[column.name, text]
                    if not isinstance(value, BadValue):
                        values[column.field] = value
                        continue
                    fault = str(value)
                bad.add(column.field)
                self._say(sheet, row, column.name, text, fault)
            yield _Row(row, _key(sheet.format, values), values, bad)

    def _find_by_name(self) -> None:
        """Put the code where somebody wrote a name that only one row has, and tell about it once for each."""
        self._spoken = {kind: _by_name(suggester.names) for kind, suggester in self._suggesters.items()}
        told: set[tuple[str, str, str]] = set()
        for sheet in _in_order(self.reading.sheets):
            refers = [c for c in sheet.format.columns if c.refers and c.name in sheet.columns]
            for row in self.rows[sheet.format.name]:
                for column in refers:
                    value = row.values.get(column.field)
                    if not value or self._is_known(column, value):
                        continue
                    code = self._spoken[_kind(column)].get(_spoken(value))
                    if code:
                        row.values[column.field] = code
                        if (sheet.file, column.name, value) not in told:
                            told.add((sheet.file, column.name, value))
                            message = f"Fundet på navnet: {self._in_full(column, code)}."
                            self._note(sheet.file, row.row, column.name, value, message)
                    elif isinstance(value, _Named):
                        self._give_up(sheet, row, column, value)
                row.key = _key(sheet.format, row.values)

    def _find_otherwise(self, sheet: Sheet) -> None:
        """Give rows without a key that of the one row that they can mean; a fault where there are several."""
        found = sheet.format
        without = [row for row in self.rows[found.name] if found.otherwise and not row.key[0]]
        if not without:
            return
        field = found.by_name[found.keys[0]].field
        known: dict[Key, set[Key]] = defaultdict(set)
        for key, stored in self._load(
            found, found.rows() if found.rows else found.model._default_manager.all()
        ).items():
            known[_otherwise(found, stored.values)].add(key)
        for row in self.rows[found.name]:
            if row.key[0]:
                # What the file leaves out of a row that is there is not known here, and has been counted above.
                known[_otherwise(found, row.values)].add(row.key)
        labels = " og ".join(found.label_of(found.by_name[name]).lower() for name in found.otherwise)
        key_label = found.label_of(found.by_name[found.keys[0]]).lower()
        for row in without:
            if field in row.bad:
                continue
            meant = known[_otherwise(found, row.values)]
            if not found.is_whole(row.key) or len(meant) > 1:
                many = f"{len(meant)} har samme {labels}. " if meant else ""
                row.bad.add(field)
                self._say(sheet, row.row, found.keys[0], "", f"{many}Skriv {key_label} på den, der menes.")
            elif meant:
                row.key = next(iter(meant))
                del row.values[field]

    def _give_up(self, sheet: Sheet, row: _Row, column: Column, value: str) -> None:
        del row.values[column.field]
        row.bad.add(column.field)
        if not self._is_unread(column):
            self._say(sheet, row.row, column.name, value, self._unknown(column, value))

    def _without_duplicates(self, sheet: Sheet) -> list[_Row]:
        """Each key once. A second row with the same key is a fault when it differs, else left out and told."""
        first: dict[Key, _Row] = {}
        key_fields = {sheet.format.by_name[name].field for name in sheet.format.keys}
        unclear = []
        for row in self.rows[sheet.format.name]:
            if row.bad & key_fields or not sheet.format.is_whole(row.key):
                unclear.append(row)
                continue
            earlier = first.setdefault(row.key, row)
            if earlier is row:
                continue
            named = " → ".join(filter(None, row.key))
            if earlier.values == row.values and not row.bad:
                message = f"Rækken er den samme som række {earlier.row} og tælles kun med én gang."
                self._note(sheet.file, row.row, sheet.format.keys[0], named, message)
            else:
                message = f"Står også i række {earlier.row} med andre værdier. Slet den ene."
                self._say(sheet, row.row, sheet.format.keys[0], named, message)
        return sorted([*first.values(), *unclear], key=lambda row: row.row)

    def _settle_kinds(self) -> None:
        """Which codes will be components and which systems, and a fault where one would be both."""
        placed: dict[str, tuple[str, int, str]] = {}
        for found in (COMPONENTS, SYSTEMS):
            kind = dict(found.fixed)["kind"]
            for row in self.rows.get(found.name, []):
                code = row.key[0]
                if not code:
                    continue
                sheet = self.reading.sheets[found.name]
                file, number, other = placed.setdefault(code, (sheet.file, row.row, kind))
                if other != kind:
                    message = f"Koden står også i {file}, række {number}. Den kan kun være ét."
                elif self.kinds.setdefault(code, kind) != kind:
                    message = f"Koden er {KIND_WORDS[self.kinds[code]]} og kan ikke stå i {found.name}."
                else:
                    continue
                self._say(sheet, row.row, "code", code, message)
                row.bad.add("code")  # it cannot be compared with a row of the other kind

    def _names(self, formats: tuple[str, ...], stored: Mapping[str, str]) -> dict[str, str]:
        names = dict(stored)
        for name in formats:
            for row in self.rows.get(name, []):
                if row.key[0]:
                    names[row.key[0]] = str(row.values.get("name") or names.get(row.key[0], ""))
        return names

    # What does not fit

    def _plan(self, sheet: Sheet, rows: list[_Row]) -> FilePlan:
        found = sheet.format
        stored = self._stored(found, rows)
        plan = FilePlan(sheet.file, found)
        key_fields = {found.by_name[name].field for name in found.keys}
        new = [
            row
            for row in rows
            if row.key not in stored and found.is_whole(row.key) and not row.bad & key_fields
        ]
        self._check_columns_of_new(sheet, new)
        self._check_used_once(sheet, rows, stored)
        judged: list[Judged] = []
        refers = [column for column in found.columns if column.refers and column.name in sheet.columns]
        for row in rows:
            self._tick(f"Kontrollerer {found.label.lower()}")
            old = stored.get(row.key)
            for column in refers:
                self._check_reference(sheet, row, column, old)
            merged = {**(old.values if old else {}), **row.values}
            if not row.bad:
                for rule in found.rules:
                    for name, message in rule(merged):
                        self._say(
                            sheet,
                            row.row,
                            name,
                            str(row.values.get(found.by_name[name].field) or ""),
                            message,
                        )
                judged.append(Judged(row.row, row.key, merged, old))
            self._place(plan, row, old)
        self.planned[found.name] = {one.key: one.values for one in judged}
        if found.judge is not None:
            found.judge(self._look(sheet, plan, judged, stored))
        return plan

    def _look(self, sheet: Sheet, plan: FilePlan, judged: list[Judged], stored: dict[Key, Stored]) -> Look:
        return Look(
            plan,
            judged,
            stored,
            self.planned,
            {row.key for row in self.rows[sheet.format.name]},
            sheet.header_row,
            partial(self._say, sheet),
            partial(self._note, sheet.file),
            lambda refers, code: self._is_known(Column("", "", refers=refers), code),
            self.reading.unread,
        )

    def _place(self, plan: FilePlan, row: _Row, old: Stored | None) -> None:
        if row.bad:
            return
        if old is None:
            plan.created.append(
                RowPlan(row.row, row.key, None, None, {}, {**dict(plan.format.fixed), **row.values})
            )
            return
        after = {name: value for name, value in row.values.items() if value != old.values[name]}
        if not after:
            plan.unchanged += 1
            return
        before = {name: old.values[name] for name in after}
        plan.updated.append(RowPlan(row.row, row.key, old.pk, old.version, before, after))
        if old.archived:
            message = "Er arkiveret i portalen. Værdierne rettes, men den bliver ved med at være arkiveret."
            self._note(plan.file, row.row, "", " → ".join(row.key), message)

    def _check_columns_of_new(self, sheet: Sheet, new: list[_Row]) -> None:
        if not new:
            return
        for column in sheet.format.columns:
            default = getattr(sheet.format.field(column.field), "default", NOT_PROVIDED)
            if column.required and column.name not in sheet.columns and default is NOT_PROVIDED:
                count = "1 række er ny" if len(new) == 1 else f"{len(new)} rækker er nye"
                self._say(
                    sheet,
                    sheet.header_row,
                    column.name,
                    "",
                    f"Kolonnen «{column.name}» mangler. Den skal være der, for {count} (første gang i række "
                    f"{new[0].row}, {' → '.join(new[0].key)}).",
                )

    def _check_reference(self, sheet: Sheet, row: _Row, column: Column, old: Stored | None) -> None:
        code = row.values.get(column.field)
        if not code:
            return
        stored = self.organisations if column.refers == "organisation" else self.assets
        if not self._is_known(column, code):
            if not self._is_unread(column):
                self._say(sheet, row.row, column.name, code, self._unknown(column, code))
        elif column.refers in self.targets:
            known = self.targets[column.refers].by_code.get(code)
            if known and known.gone and (old is None or old.values[column.field] != code):
                self._say(sheet, row.row, column.name, code, known.gone)
        elif column.refers == "component" and self.kinds[code] != Kind.COMPONENT.value:
            self._say(sheet, row.row, column.name, code, f"«{code}» er et fagsystem. Vælg en komponent.")
        elif (
            (code,) in stored and stored[code,].archived and (old is None or old.values[column.field] != code)
        ):
            self._note(sheet.file, row.row, column.name, code, "Koden er arkiveret i portalen.")

    def _is_known(self, column: Column, code: str) -> bool:
        if column.refers in self.targets:
            return code in self.targets[column.refers].by_code or code in self.given[column.refers]
        if column.refers == "organisation":
            return (code,) in self.organisations or code in self.given_organisations
        return code in self.kinds

    def _is_unread(self, column: Column) -> bool:
        return not self.reading.unread.isdisjoint(self._bringing(column))

    def _bringing(self, column: Column) -> tuple[str, ...]:
        """The files that bring what the column points at."""
        if column.refers in self.targets:
            return self.targets[column.refers].target.brought_by()
        return ("organisations",) if column.refers == "organisation" else ("components", "systems")

    def _unknown(self, column: Column, value: str) -> str:
        meant = self._suggesters[_kind(column)](value)
        *others, last = self._bringing(column) or ("",)
        where = f"{', '.join(others)} eller {last}" if others else last
        noun = self.targets[column.refers].target.noun if column.refers in self.targets else "Koden"
        if isinstance(value, _Named):
            written = f"Skriv {noun[0].lower()}{noun[1:]} i stedet."
            if _spoken(value) in self._spoken[_kind(column)]:
                return f"«{shorten(value)}» står for flere. {written}"
            hint = f"Mente du {self._in_full(column, meant)}?" if meant else written
            return f"«{shorten(value)}» findes ikke. {hint}"
        if meant:
            return f"{noun} kendes ikke. Mente du «{meant}»?"
        return f"{noun} kendes ikke. Ret den{f', eller tag den med i {where}' if where else ''}."

    def _in_full(self, column: Column, code: str) -> str:
        name = self._suggesters[_kind(column)].names.get(code)
        return f"{code} ({shorten(name)})" if name else code

    def _check_used_once(self, sheet: Sheet, rows: list[_Row], stored: Mapping[Key, Stored]) -> None:
        """Two rows with one value that only one may have: within the file, or one in it and one in the registry."""
        for name, message in sheet.format.used_once:
            field = sheet.format.by_name[name].field
            rewritten = {row.key for row in rows if field in row.values}
            owners = {
                row.values[field]: key
                for key, row in stored.items()
                if row.values.get(field) and key not in rewritten
            }
            for row in rows:
                value = row.values.get(field)
                if value and owners.setdefault(value, row.key) != row.key:
                    owner = next(filter(None, owners[value]))
                    self._say(sheet, row.row, name, str(value), message.format(owner=owner))

    def _check_loops(self, sheet: Sheet, rows: list[_Row]) -> None:
        """A fault at each row of the file that is its own ancestor."""
        stored = self.organisations if sheet.format is ORGANISATIONS else self.assets
        parents: dict[str, str | None] = {key[0]: row.values.get("parent") for key, row in stored.items()}
        for row in rows:
            if "parent" in row.values:
                parents[row.key[0]] = row.values["parent"]
        on_loop = _loops(parents)
        for row in rows:
            loop, start = on_loop.get(row.key[0], ([], 0))
            if len(loop) > 1 and "parent" in row.values:
                # Only the beginning of a long loop: each row on it is told, and all of it each time is too much.
                first = [loop[(start + i) % len(loop)] for i in range(len(loop) if len(loop) < 8 else 6)]
                shown = " → ".join([*first, *(["…"] if len(loop) >= 8 else []), row.key[0]])
                self._say(
                    sheet,
                    row.row,
                    "parent_code",
                    row.values["parent"] or "",
                    f"Det går i ring: {shown}. Vælg en anden.",
                )

    # Small helps

    def _say(self, sheet: Sheet, row: int, column: str, value: str, message: str) -> None:
        self.problems.append(Problem(sheet.file, row, column, shorten(value), message))

    def _note(self, file: str, row: int, column: str, value: str, message: str) -> None:
        self.notes.append(Problem(file, row, column, shorten(value), message))

    def _tick(self, text: str) -> None:
        self.done += 1
        if self.done % BATCH == 0:
            self.progress(text, self.done, 2 * self.total)


def _attnames(model: type[Model], column: Column) -> tuple[str, ...]:
    return column.attnames or (str(model._meta.get_field(column.field).attname),)  # type: ignore[union-attr]


def _places(names: list[tuple[str, ...]]) -> list[Any]:
    """Where each column's cell is, or its cells are, when all attributes stand in one row."""
    places: list[Any] = []
    start = 0
    for several in names:
        places.append(start if len(several) == 1 else slice(start, start + len(several)))
        start += len(several)
    return places


def _stored_names(stored: Mapping[Key, Stored]) -> dict[str, str]:
    return {key[0]: str(row.values["name"]) for key, row in stored.items()}


def _part(value: Any) -> str:
    """A value as a part of a key."""
    return "" if value is None else str(value)


def _by_name(names: Mapping[str, str]) -> dict[str, str | None]:
    """Name → code; ``None`` where several share the name."""
    codes: dict[str, str | None] = {}
    for code, name in names.items():
        codes[_spoken(name)] = None if _spoken(name) in codes else code
    return codes


def _spoken(name: str) -> str:
    return " ".join(name.casefold().split())


def _key(found: FileFormat, values: Mapping[str, Any]) -> Key:
    by_name = found.by_name
    key = tuple(_part(values.get(by_name[name].field)) for name in found.keys)
    return key if any(key) or not found.otherwise else ("", *_otherwise(found, values))


def _otherwise(found: FileFormat, values: Mapping[str, Any]) -> Key:
    """What a row without a key goes by, however it is written."""
    by_name = found.by_name
    return tuple(_spoken(_part(values.get(by_name[name].field))) for name in found.otherwise)


def _kind(column: Column) -> str:
    """Which names the column's codes are among."""
    return "asset" if column.refers == "component" else column.refers


def _value(column: Column, text: str) -> Any:
    """The cell's value, or the ``BadValue`` that says why there is none."""
    try:
        cleaned = clean(text)
    except BadValue as error:
        return error
    if not cleaned and column.required:
        return BadValue("Skal udfyldes.")
    try:
        value = column.parse(cleaned)
    except BadValue as error:
        return _Named(cleaned) if column.refers else error
    return None if column.refers and value == "" else value


def _loops(parents: Mapping[str, str | None]) -> dict[str, tuple[list[str], int]]:
    """Code → the loop it is on and its place in it, for every code that is its own ancestor. Linear."""
    loops: dict[str, tuple[list[str], int]] = {}
    seen: set[str] = set()
    for start in parents:
        path: dict[str, int] = {}
        code: str | None = start
        while code is not None and code not in seen:
            seen.add(code)
            path[code] = len(path)
            code = parents.get(code)
        if code is not None and code in path:
            loop = list(path)[path[code] :]
            loops |= {on_it: (loop, place) for place, on_it in enumerate(loop)}
    return loops
