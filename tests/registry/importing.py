"""Files for the import tests: small ones by hand, and the demonstration landscape."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
from django.conf import settings

from registry.importing import Plan, SourceFile, apply_reading, make_plan, read_files
from registry.importing.textfile import read_csv

DEMO = Path(settings.BASE_DIR) / "registry" / "demo"
FILES = ("organisations", "components", "systems", "dependencies")

ORGANISATIONS = "code,name,kind,parent_code\nOK,Odense Kommune,municipality,\nKMD,KMD A/S,vendor,\n"
COMPONENTS = (
    "code,name,parent_code,owner_code,level,kind,status,description,successor_code,url\n"
    "SP,Serviceplatformen,,KMD,joint-municipal,platform,active,,,https://example.org\n"
    "SF1520,CPR-opslag,SP,KMD,joint-municipal,service,active,,,\n"
)
SYSTEMS = (
    "code,name,vendor_code,department_code,description,criticality,personal_data,status\n"
    "CURA,Cura,KMD,OK,Omsorgsjournal,4,sensitive,active\n"
)
DEPENDENCIES = (
    "source_code,target_code,purpose,direction,importance,status,since\n"
    "CURA,SF1520,Opslag,reads,critical,active,2020\n"
)


def small(**changed: str | bytes) -> list[SourceFile]:
    """Four small files that fit each other, some replaced: ``small(systems="code,name\\n…")``."""
    content: dict[str, str | bytes] = {
        "organisations": ORGANISATIONS,
        "components": COMPONENTS,
        "systems": SYSTEMS,
        "dependencies": DEPENDENCIES,
        **changed,
    }
    return [csv(name, text) for name, text in content.items() if text]


def csv(name: str, text: str | bytes) -> SourceFile:
    return SourceFile(f"{name}.csv", text.encode() if isinstance(text, str) else text)


def demo() -> list[SourceFile]:
    return [SourceFile(path.name, path.read_bytes()) for path in sorted(DEMO.glob("*.csv"))]


def workbook(sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    """An XLSX file with these sheets, each a list of rows."""
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def demo_workbook() -> bytes:
    """The demonstration landscape as one XLSX file."""
    tables = [read_csv(f.name, f.name[:-4], f.content) for f in demo()]
    return workbook({t.name: [cells for _, cells in t.rows] for t in tables})


def plan(files: Sequence[SourceFile]) -> Plan:
    return make_plan(read_files(files))


def apply(files: Sequence[SourceFile]) -> Plan:
    """Carry the import out and give back what it did."""
    return apply_reading(read_files(files), actor=None, reason="Prøve").plan


def told(found: Plan) -> list[tuple[str, int, str, str]]:
    """The plan's problems as (file, row, column, message)."""
    return [(p.file, p.row, p.column, p.message) for p in found.problems]


def counts(found: Plan) -> dict[str, tuple[int, int, int]]:
    """Created, updated and unchanged by format."""
    return {f.format.name: (len(f.created), len(f.updated), f.unchanged) for f in found.files}
