"""A plan as the page and the command show it: counts, before → after in Danish, faults as plain lists."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from registry.importing.formats import FileFormat
from registry.importing.plans import FilePlan, Plan, RowPlan
from registry.importing.problems import Problem

SHOWN_ROWS = 50  # of each file's created and of its updated rows
SHOWN_NOTES = 100
KEPT_PROBLEMS = 50_000


def report(plan: Plan) -> dict[str, Any]:
    """What the job page needs, as JSON. Rows are cut at ``SHOWN_ROWS``; the counts are whole."""
    return {
        "changes": plan.changes,
        "problems": len(plan.problems),
        "files": [_file(file) for file in plan.files],
        "needs": sorted({needed for file in plan.files for needed in file.format.needs}),
        "notes": [as_list(note) for note in plan.notes[:SHOWN_NOTES]],
        "more_notes": max(0, len(plan.notes) - SHOWN_NOTES),
    }


def as_list(problem: Problem) -> list[Any]:
    return [problem.file, problem.row, problem.column, problem.value, problem.message]


def _file(file: FilePlan) -> dict[str, Any]:
    return {
        "file": file.file,
        "label": file.format.label,
        "created": len(file.created),
        "updated": len(file.updated),
        "unchanged": file.unchanged,
        "updated_rows": [_row(file.format, row) for row in file.updated[:SHOWN_ROWS]],
        "created_rows": [_row(file.format, row) for row in file.created[:SHOWN_ROWS]],
        "more_updated": max(0, len(file.updated) - SHOWN_ROWS),
        "more_created": max(0, len(file.created) - SHOWN_ROWS),
    }


def _row(found: FileFormat, row: RowPlan) -> dict[str, Any]:
    changes = []
    for column in found.columns:
        if column.field not in row.after:
            continue
        before = readable(found, column.field, row.before.get(column.field))
        after = readable(found, column.field, row.after[column.field])
        if before or after:
            changes.append({"field": found.label_of(column), "before": before, "after": after})
    return {"row": row.row, "key": " → ".join(filter(None, row.key[: found.shown])), "changes": changes}


def readable(found: FileFormat, name: str, value: Any) -> str:
    """The value as the screens write it; nothing is empty text."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime.date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, Decimal):  # money is the only one of the kind
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    choices = dict(getattr(found.field(name), "flatchoices", ()) or ())
    return str(choices.get(value, value))
