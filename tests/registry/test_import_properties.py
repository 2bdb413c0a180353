"""What holds for any files: there is always an answer, and a plan without faults can be carried out, once."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.importing import SourceFile, make_plan, read_files
from registry.importing.formats import FORMATS, FileFormat
from registry.models import (
    ComponentType,
    DependencyStatus,
    Direction,
    Importance,
    Level,
    Lifecycle,
    OrganisationKind,
    PersonalData,
)
from tests.registry.importing import FILES, apply, counts, demo, plan

pytestmark = pytest.mark.django_db
any_files = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

OWN_CODES = {
    "organisations": ["O1", "o2", " O3"],
    "components": ["C1", "c2", "C3 "],
    "systems": ["S1", "s2", "S3"],
}
REFERRED = {
    "organisation": ["O1", "o3"],
    "component": ["C1", "c3"],
    "asset": ["C1", "C2", "s1", "S2", "S3"],
}
# What the registry holds beforehand, so that most references find something.
BASE = {
    "organisations": [{"code": f"O{i}", "name": "O", "kind": "vendor"} for i in (1, 2, 3)],
    "components": [
        {"code": f"C{i}", "name": "C", "level": "own", "kind": "module", "status": "active"}
        for i in (1, 2, 3)
    ],
    "systems": [{"code": f"S{i}", "name": "S", "status": "active"} for i in (1, 2, 3)],
}
TEXTS = st.one_of(
    st.sampled_from(["", "Navn", "Et, to; tre", "linje\nto", "=1+1", "'-5", "x" * 301]), st.text(max_size=12)
)
DATES = st.sampled_from(["", "2019", "31-12-2026", "2020-02-30", "01.01.2025", "igår"])
STARTS = st.sampled_from(["", "2019", "01.01.2025"])
ORDERED = {
    **dict.fromkeys(("since", "valid_from", "active_from"), STARTS),
    **dict.fromkeys(("until", "valid_to", "phasing_out_from"), st.sampled_from(["", "31-12-2026"])),
    "retired_from": st.sampled_from(["", "2027-01-01"]),
}
CELLS: dict[str, st.SearchStrategy[str]] = {
    "criticality": st.sampled_from(["", "1", "4", "7", "2 Middel"]),
    "personal_data": st.sampled_from(["", *PersonalData.values, "x"]),
    "level": st.sampled_from([*Level.values, ""]),
    "component_type": st.sampled_from([*ComponentType.values, "Platform"]),
    "lifecycle": st.sampled_from([*Lifecycle.values, "i drift"]),
    "direction": st.sampled_from(Direction.values),
    "importance": st.sampled_from(Importance.values),
    "status": st.sampled_from([*DependencyStatus.values, "retired"]),
    "kind": st.sampled_from(OrganisationKind.values),
    "url": st.sampled_from(["", "https://dr.dk", "javascript:x"]),
    "external_id": st.sampled_from(["", "", "4f3d1a52-7c1e-4b8e-9a34-d0c2b6f1a977"]),
}


def cells_of(found: FileFormat, *, faultless: bool) -> st.SearchStrategy[list[dict[str, str]]]:
    def cell(column: Any) -> st.SearchStrategy[str]:
        if column.field in CELLS:
            values = CELLS[column.field]
        elif column.refers:
            values = st.sampled_from([*REFERRED[column.refers], *([] if column.required else [""])])
        elif column.name == "code":
            values = st.sampled_from(OWN_CODES[found.name])
        elif column.field in ORDERED:
            values = ORDERED[column.field] if faultless else DATES
        else:
            values = TEXTS
        if not faultless:
            return values
        return values.filter(lambda text: _fits(column, text))

    def key(row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row[name].strip().upper() for name in found.keys)

    row = st.fixed_dictionaries({c.name: cell(c) for c in found.columns})
    return st.lists(row, min_size=1, max_size=4, unique_by=key if faultless else None)


def _fits(column: Any, text: str) -> bool:
    from registry.importing.planning import _value
    from registry.importing.values import BadValue

    return not isinstance(_value(column, text), BadValue)


def landscape(*, faultless: bool) -> st.SearchStrategy[dict[str, list[dict[str, str]]]]:
    return st.fixed_dictionaries(
        {}, optional={name: cells_of(FORMATS[name], faultless=faultless) for name in FILES}
    )


def written(sheets: dict[str, list[dict[str, str]]]) -> list[SourceFile]:
    files = []
    for name, rows in sheets.items():
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
        files.append(SourceFile(f"{name}.csv", text.getvalue().encode("utf-8", "replace")))
    return files


def carried_out_once(sheets: dict[str, list[dict[str, str]]]) -> None:
    """If there are no faults, it goes in, and the second time there is nothing to do."""
    files = written(sheets)
    with transaction.atomic():
        apply(written(BASE))
        found = plan(files)
        if not found.problems:
            apply(files)
            again = plan(files)
            assert not again.problems
            assert all(created == updated == 0 for created, updated, _ in counts(again).values())
        transaction.set_rollback(True)


@any_files
@given(landscape(faultless=True))
def test_a_plan_without_faults_can_be_carried_out_once(sheets):
    carried_out_once(sheets)


@any_files
@given(landscape(faultless=False))
def test_files_with_anything_in_their_cells_get_an_answer(sheets):
    carried_out_once(sheets)


@any_files
@given(st.binary(max_size=400), st.sampled_from(["systems.csv", "x.xlsx", "dependencies.txt", "x"]))
def test_any_bytes_get_an_answer(content, name):
    make_plan(read_files([SourceFile(name, content)]))


@any_files
@given(st.data())
def test_a_demonstration_with_any_byte_changed_gets_an_answer(data):
    files = []
    for file in demo():
        content = bytearray(file.content)
        for _ in range(3):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        files.append(SourceFile(file.name, bytes(content)))
    make_plan(read_files(files))
