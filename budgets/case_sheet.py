"""A business case as a workbook: the costs and gains in rows, and the case above them in formulas that follow them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from budgets.business_case import Year
from budgets.case_reading import Reading
from foi_portal.ui.export import safe

KRONER, PER_CENT, FACTOR = "#,##0.00;[Red]-#,##0.00", "0.0##", "0.0000"
CASE, COSTS, GAINS, OTHERS = "Business case", "Omkostninger", "Gevinster", "Uden kroner"
UNKNOWN = "ikke kendt"
BOLD = Font(name="Calibri", size=11, bold=True)
RIGHT = Alignment(horizontal="right")
FIRST = 5  # the row of the years on the case's own sheet
RATE_CELL = "$B$3"


def workbook(reading: Reading) -> Workbook:
    """Four sheets: the case, its costs, its gains, and the gains without kroner."""
    book = Workbook()
    case: Worksheet = book.worksheets[0]
    case.title = CASE
    costs, gains = _costs(book.create_sheet(COSTS), reading), _gains(book.create_sheet(GAINS), reading)
    _others(book.create_sheet(OTHERS), reading)
    _case(case, reading, costs, gains)
    for sheet in book.worksheets:
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return book


def _case(sheet: Worksheet, reading: Reading, costs: int, gains: int) -> None:
    """``costs`` and ``gains``: the last row of each sheet's rows."""
    question = reading.question
    _row(sheet, 1, [f"Business case for {reading.component.name} ({reading.component.code})"], bold=True)
    _row(sheet, 3, ["Rente, procent om året", question.rate])
    sheet["B3"].number_format = PER_CENT
    _row(sheet, FIRST, ["Kroner", *question.years, "I alt"], bold=True)
    sheet.cell(FIRST, len(question.years) + 2).alignment = RIGHT
    labels = ["Gevinster", "Omkostninger", "Netto", "Akkumuleret", "Faktor", "Nutidsværdi"]
    for place, label in enumerate(labels, FIRST + 1):
        _row(sheet, place, [label])
    gain, cost, net, total, factor, present = range(FIRST + 1, FIRST + 7)
    before = ""  # the cell of the last year that counts
    for number, year in enumerate(reading.case.years):
        letter = get_column_letter(number + 2)
        source = get_column_letter(number + 5)
        sheet[f"{letter}{gain}"] = f"=SUM('{GAINS}'!{source}2:{source}{max(gains, 2)})"
        sheet[f"{letter}{factor}"] = f"=1/(1+{RATE_CELL}/100)^{number}"
        sheet[f"{letter}{factor}"].number_format = FACTOR
        if year.counts:
            sheet[f"{letter}{cost}"] = f"=SUM('{COSTS}'!{source}2:{source}{max(costs, 2)})"
            sheet[f"{letter}{net}"] = f"={letter}{gain}-{letter}{cost}"
            sheet[f"{letter}{total}"] = f"={before}+{letter}{net}" if before else f"={letter}{net}"
            sheet[f"{letter}{present}"] = f"=ROUND({letter}{net}*{letter}{factor},2)"
            before = f"{letter}{total}"
        else:
            for row in (cost, net, total, present):
                sheet[f"{letter}{row}"] = UNKNOWN
        for row in (gain, cost, net, total, present):
            sheet[f"{letter}{row}"].number_format = KRONER
            sheet[f"{letter}{row}"].alignment = RIGHT
    sums = get_column_letter(len(reading.case.years) + 2)
    for row in (gain, cost, net, present):
        cells = _counted(reading.case.years, row)
        sheet[f"{sums}{row}"] = f"={'+'.join(cells)}" if cells else UNKNOWN
        sheet[f"{sums}{row}"].number_format = KRONER
    for row in (net, present):
        for cell in sheet[row]:
            cell.font = BOLD
    _row(sheet, present + 2, [f"«I alt» tæller de år, hvor omkostningen er kendt: {_years(reading)}."])
    sheet.column_dimensions["A"].width = 28
    for number in range(len(reading.case.years) + 1):
        sheet.column_dimensions[get_column_letter(number + 2)].width = 17


def _counted(years: Iterable[Year], row: int) -> list[str]:
    return [f"{get_column_letter(number + 2)}{row}" for number, year in enumerate(years) if year.counts]


def _years(reading: Reading) -> str:
    return ", ".join(str(year.year) for year in reading.case.counted) or "ingen af dem"


def _costs(sheet: Worksheet, reading: Reading) -> int:
    years = reading.question.years
    _row(
        sheet,
        1,
        ["Kode", "Komponent", "Hvad", "Enhed", *years, *(f"{year} kommer fra" for year in years)],
        bold=True,
    )
    for place, row in enumerate(reading.costs, 2):
        found = [None if cell is None else cell.amount for cell in row.cells]
        told = [
            "" if cell is None else UNKNOWN if cell.amount is None else str(cell.origin.label)
            for cell in row.cells
        ]
        _row(sheet, place, [row.component.code, row.component.name, row.words, row.unit, *found, *told])
    for number in range(len(years)):
        sheet.column_dimensions[get_column_letter(number + 5 + len(years))].width = 20
    return _finish(sheet, len(reading.costs), len(years))


def _gains(sheet: Worksheet, reading: Reading) -> int:
    years = reading.question.years
    _row(sheet, 1, ["Kode", "Komponent", "Gevinst", "Tilstand", *years, "Slags"], bold=True)
    for place, row in enumerate(reading.gains, 2):
        gain = row.gain
        texts = [gain.asset.code, gain.asset.name, gain.text, gain.get_state_display()]
        _row(sheet, place, [*texts, *row.cells, gain.get_kind_display()])
    return _finish(sheet, len(reading.gains), len(years))


def _others(sheet: Worksheet, reading: Reading) -> None:
    _row(sheet, 1, ["Kode", "Komponent", "Gevinst", "Tilstand", "Slags"], bold=True)
    for place, gain in enumerate(reading.qualitative, 2):
        texts = [gain.asset.code, gain.asset.name, gain.text]
        _row(sheet, place, [*texts, gain.get_state_display(), gain.get_kind_display()])
    _finish(sheet, len(reading.qualitative), 0)


def _finish(sheet: Worksheet, rows: int, amounts: int) -> int:
    """Widths and formats; the number of the last row."""
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCD", (14, 34, 44, 18), strict=True):
        sheet.column_dimensions[letter].width = width
    for number in range(amounts):
        letter = get_column_letter(number + 5)
        sheet.column_dimensions[letter].width = 17
        for row in range(2, rows + 2):
            sheet[f"{letter}{row}"].number_format = KRONER
    return rows + 1


def _row(sheet: Worksheet, row: int, values: Sequence[Any], bold: bool = False) -> None:
    """Write values, none of which a spreadsheet may take for a formula."""
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column, _tame(value))
        if bold:
            cell.font = BOLD


def _tame(value: Any) -> Any:
    if isinstance(value, str):
        return ILLEGAL_CHARACTERS_RE.sub("\ufffd", str(safe(value)))
    return value if value is None or isinstance(value, (int, Decimal)) else str(value)


__all__ = ["workbook"]
