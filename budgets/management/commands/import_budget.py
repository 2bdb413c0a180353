"""``manage.py import_budget FILE [--commit]``: budget lines from the command line."""

from __future__ import annotations

from pathlib import Path

from budgets.importing.lines import BUDGET_LINES
from registry.importing import Reading, read_files
from registry.management.commands import import_registry


class Command(import_registry.Command):
    help = (
        "Indlæser budgetlinjer fra CSV eller XLSX. "
        "Uden --commit er det en prøvekørsel. Med fejl skrives intet, og afslutningskoden er 1."
    )

    def read(self, path: Path) -> Reading:
        """Only the budget lines: a workbook may hold the whole landscape."""
        reading = read_files(import_registry.source_files(path))
        for sheet in [each for each in reading.sheets.values() if each.format is not BUDGET_LINES]:
            reading.note(sheet.file, "Er ikke budgetlinjer og er sprunget over.")
            del reading.sheets[sheet.format.name]
        if not reading.sheets and not reading.problems:
            reading.problem(path.name, "Der er ingen budgetlinjer i filen.")
        return reading
