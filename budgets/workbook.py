"""A year's budget as a workbook that counts by itself: amounts are values, everything made of them is a formula.

An amount that is not known is an empty cell, and a sum of nothing known stays empty. A formula on a sum counts lines
only (column A says what a row is), so no amount is counted twice however the rows are nested.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from budgets.models import CostType, Funding
from budgets.picture import Picture
from budgets.rollup import Line, Node, Place
from budgets.year_sums import YearSums, parts
from foi_portal.ui.export import safe

AMOUNT, SHARE, WHOLE = "#,##0.00", '0.0"%"', "0"
LINE = "Linje"
LEVELS = {0: "Udbyder", 1: "Platform"}  # further down: Komponent
FIRST = 5  # row of the table's first line; above it are title and heads
# Columns of the sheet of lines
HEADS = (
    ("Niveau", 11),
    ("Udbyder, platform, komponent og linje", 50),
    ("Kode", 15),
    ("Type", 12),
    ("Finansiering", 25),
    ("Enhed", 14),
    ("Oprindeligt", 15),
    ("Ændringer", 14),
    ("Korrigeret", 15),
    ("Forbrug", 15),
    ("Forventet", 15),
    ("Afvigelse", 14),
    ("Afvigelse i %", 12),
    ("Brugt i %", 11),
    ("Budgetansvar", 15),
    ("Bemærkning", 60),
    ("Forklaring på afvigelse", 80),
)
ORIGINAL, CHANGED, REVISED, ACTUAL, FORECAST, DEVIATION, PERCENT, USED = "GHIJKLMN"
SUMMED = (ORIGINAL, CHANGED, REVISED, ACTUAL, FORECAST, DEVIATION)
BOLD = Font(name="Calibri", size=11, bold=True)
SHADES = {0: PatternFill("solid", fgColor="D9E2EC"), 1: PatternFill("solid", fgColor="EEF2F6")}
RULE = Border(top=Side(style="medium"))
HEAD_RULE = Border(bottom=Side(style="medium"))


def write(
    found: Picture,
    lines: Sequence[Line],
    years: Sequence[YearSums],
    *,
    state: str,
    chosen: str,
    made_at: datetime.datetime,
    made_by: str,
) -> IO[bytes]:
    """The workbook as an open file. ``lines`` are those chosen, ``chosen`` says in words which ("" for all).

    ``made_at`` is in Danish time.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = f"Budget {found.number}"
    about = f"{state}. Udtrukket {made_at:%d-%m-%Y kl. %H.%M} af {made_by}. Alle beløb i kroner."
    if found.all_illustrative:
        about += " Beløbene er opdigtede eksempler."
    if chosen:
        about += f" Kun linjer med {chosen}."
    _lines_sheet(sheet, found, lines, about)
    _money_sheet(book.create_sheet("Finansiering"), found, lines, sheet.title, sheet.max_row - 1)
    _years_sheet(book.create_sheet("År for år"), years)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
    book.save(file)
    file.seek(0)
    return file


def _in(depth: int) -> Alignment:
    """A name set in by how deep it lies."""
    return Alignment(horizontal="left", indent=min(depth, 7))


def _text(value: str) -> str:
    """A text no spreadsheet runs, without signs that XML has no place for."""
    return str(ILLEGAL_CHARACTERS_RE.sub("\ufffd", safe(value)))


# --- the lines ----------------------------------------------------------------------------------------------------


def _lines_sheet(sheet: Worksheet, found: Picture, lines: Sequence[Line], about: str) -> None:
    _title(sheet, f"Budget {found.number}", about)
    spent = "Regnskab" if found.is_closed else "Forbrug"
    heads = [spent if name == "Forbrug" else name for name, _ in HEADS]
    _heads(sheet, FIRST - 1, heads, [width for _, width in HEADS], numeric=range(7, 15))
    sheet.freeze_panes = f"C{FIRST}"
    row = FIRST
    for node in found.tree(lines):
        row = _node(sheet, found, node, row)
    _sums(sheet, row, FIRST, row - 1)
    for cell in sheet[row]:
        cell.font, cell.border = BOLD, RULE
    sheet.cell(row, 1).value = "I alt"
    if row > FIRST:
        sheet.auto_filter.ref = f"A{FIRST - 1}:{get_column_letter(len(HEADS))}{row - 1}"
    sheet.print_title_rows = f"{FIRST - 1}:{FIRST - 1}"
    sheet.print_area = f"A1:{USED}{row}"  # remarks are for the screen
    _on_paper(sheet)


def _node(sheet: Worksheet, found: Picture, node: Node, row: int) -> int:
    """The node, its lines and what is below it, from ``row`` on. Out: the next free row."""
    start = row
    row += 1
    for line in node.lines:
        _line(sheet, found, node, line, row)
        row += 1
    for child in node.below:
        row = _node(sheet, found, child, row)
    sheet.cell(start, 1, LEVELS.get(node.depth, "Komponent"))
    sheet.cell(start, 2, _text(node.place.name)).alignment = _in(node.depth)
    if isinstance(node.place, Place):
        sheet.cell(start, 3, _text(node.place.code))
    _sums(sheet, start, start + 1, row - 1, plain=not node.below)
    shade = SHADES.get(node.depth)
    for cell in sheet[start]:
        cell.font = BOLD
        if shade is not None:
            cell.fill = shade
    if node.depth:
        for number in range(start + 1, row):
            sheet.row_dimensions[number].outlineLevel = min(node.depth, 7)
    return row


def _line(sheet: Worksheet, found: Picture, node: Node, line: Line, row: int) -> None:
    cost_type, funding = str(CostType(line.cost_type).label), str(Funding(line.funding).label)
    sheet.cell(row, 1, LINE)
    sheet.cell(row, 2, _text(f"{node.place.name}, {cost_type.lower()}")).alignment = _in(node.depth + 1)
    sheet.cell(row, 3, _text(found.places[line.component].code))
    sheet.cell(row, 4, cost_type)
    sheet.cell(row, 5, funding)
    sheet.cell(row, 6, _text(line.unit))
    changed = None if line.revised is None or line.original is None else line.revised - line.original
    for column, amount in (
        (ORIGINAL, line.original),
        (CHANGED, changed),
        (ACTUAL, line.actual),
        (FORECAST, line.forecast),
    ):
        sheet[f"{column}{row}"].value = amount
    expected = ACTUAL if found.is_closed else FORECAST
    _put(sheet, f"{REVISED}{row}", f'=IF({ORIGINAL}{row}="","",{ORIGINAL}{row}+{CHANGED}{row})')
    _put(
        sheet,
        f"{DEVIATION}{row}",
        f'=IF(OR({expected}{row}="",{REVISED}{row}=""),"",{expected}{row}-{REVISED}{row})',
    )
    _shares(sheet, row)
    unclear = line.component in found.unclarified
    sheet.cell(row, 15, "Uafklaret" if unclear else "Afklaret")
    invented = line.illustrative and not found.all_illustrative
    sheet.cell(row, 16, _text(f"Opdigtet eksempel. {line.note}" if invented else line.note))
    sheet.cell(row, 17, _text(line.explanation or ("Mangler forklaring" if line.wants_explanation else "")))
    if line.is_marked:
        sheet[f"{DEVIATION}{row}"].font = sheet[f"{PERCENT}{row}"].font = BOLD


def _sums(sheet: Worksheet, row: int, first: int, last: int, plain: bool = False) -> None:
    """Formulas that add up the lines in the rows ``first`` to ``last``; ``plain`` when there are only lines in them."""
    for column in SUMMED if last >= first else ():
        area = f"{column}{first}:{column}{last}"
        total = f"SUM({area})" if plain else f'SUMIFS({area},$A{first}:$A{last},"{LINE}")'
        _put(sheet, f"{column}{row}", f'=IF(COUNT({area})=0,"",{total})')
    _shares(sheet, row)


def _shares(sheet: Worksheet, row: int) -> None:
    for column, part in ((PERCENT, DEVIATION), (USED, ACTUAL)):
        sheet[f"{column}{row}"].value = (
            f'=IF(OR({part}{row}="",{REVISED}{row}="",N({REVISED}{row})=0),"",'
            f"ROUND({part}{row}/ABS({REVISED}{row})*100,1))"
        )
        sheet[f"{column}{row}"].number_format = SHARE


# --- who pays -----------------------------------------------------------------------------------------------------


def _money_sheet(sheet: Worksheet, found: Picture, lines: Sequence[Line], source: str, last: int) -> None:
    """Funding × amounts, added up from the sheet of lines by formulas."""
    _title(sheet, f"Finansiering {found.number}", "Lagt sammen af linjerne i det første ark.")
    heads = ["Finansiering", "Oprindeligt", "Korrigeret", "Forbrug", "Forventet", "Afvigelse", "Andel i %"]
    _heads(sheet, FIRST - 1, heads, [30, 18, 18, 18, 18, 18, 11], numeric=range(2, 8))
    there = {line.funding for line in lines}
    row = FIRST
    for value, label in Funding.choices:
        if value not in there:
            continue
        sheet.cell(row, 1, str(label))
        for number, column in enumerate((ORIGINAL, REVISED, ACTUAL, FORECAST, DEVIATION), start=2):
            area = f"'{source}'!${column}${FIRST}:${column}${last}"
            who = f"'{source}'!$E${FIRST}:$E${last}"  # only lines have one
            known = f"SUMPRODUCT(ISNUMBER({area})*({who}=$A{row}))"
            total = f"SUMIFS({area},{who},$A{row})"
            _put(sheet, f"{get_column_letter(number)}{row}", f'=IF({known}=0,"",{total})')
        row += 1
    if row == FIRST:
        return
    sheet.cell(row, 1, "I alt")
    for number in range(2, 7):
        column = get_column_letter(number)
        area = f"{column}{FIRST}:{column}{row - 1}"
        _put(sheet, f"{column}{row}", f'=IF(COUNT({area})=0,"",SUM({area}))')
    for number in range(FIRST, row + 1):
        sheet[f"G{number}"].value = f'=IF(OR(C{number}="",N($C${row})=0),"",ROUND(C{number}/$C${row}*100,1))'
        sheet[f"G{number}"].number_format = SHARE
    for cell in sheet[row]:
        cell.font, cell.border = BOLD, RULE
    _on_paper(sheet)


# --- all years ----------------------------------------------------------------------------------------------------


def _years_sheet(sheet: Worksheet, years: Sequence[YearSums]) -> None:
    """Budget by cost type, accounts and what was used, year by year."""
    _title(
        sheet,
        "År for år",
        "Korrigeret budget efter omkostningstype og forbrug. Overslag er skøn for de kommende år.",
    )
    kinds = [(str(value), str(label)) for value, label in CostType.choices]
    heads = ["År", "Tilstand", *(label for _, label in kinds), "Budget i alt", "Forbrug", "Forbrug i %"]
    _heads(sheet, FIRST - 1, heads, [8, 14, *[16] * (len(kinds) + 2), 12], numeric=range(3, len(heads) + 1))
    end = get_column_letter(2 + len(kinds))
    total, spent, used = (get_column_letter(3 + len(kinds) + number) for number in range(3))
    for row, one in enumerate(years, start=FIRST):
        sheet.cell(row, 1, one.year).number_format = WHOLE
        sheet.cell(row, 2, one.state_name)
        planned = parts(one.planned, 0)
        for number, (value, _) in enumerate(kinds, start=3):
            cell = sheet.cell(row, number)
            cell.value, cell.number_format = planned.get(value), AMOUNT
        _put(sheet, f"{total}{row}", f'=IF(COUNT(C{row}:{end}{row})=0,"",SUM(C{row}:{end}{row}))')
        sheet[f"{spent}{row}"].value = one.actual
        sheet[f"{spent}{row}"].number_format = AMOUNT
        sheet[
            f"{used}{row}"
        ].value = f'=IF(OR({spent}{row}="",N({total}{row})=0),"",ROUND({spent}{row}/{total}{row}*100,1))'
        sheet[f"{used}{row}"].number_format = SHARE
    _on_paper(sheet)


# --- parts of every sheet -----------------------------------------------------------------------------------------


def _title(sheet: Worksheet, title: str, about: str) -> None:
    sheet["A1"].value, sheet["A1"].font = title, Font(name="Calibri", size=16, bold=True)
    sheet["A2"].value = _text(about)


def _heads(sheet: Worksheet, row: int, names: Iterable[str], widths: Iterable[int], numeric: range) -> None:
    for number, (name, width) in enumerate(zip(names, widths, strict=True), start=1):
        cell = sheet.cell(row, number, name)
        cell.font, cell.border = BOLD, HEAD_RULE
        side = "right" if number in numeric else "left"
        cell.alignment = Alignment(horizontal=side, vertical="bottom", wrap_text=True)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = width


def _put(sheet: Worksheet, where: str, formula: str) -> None:
    cell: Any = sheet[where]
    cell.value, cell.number_format = formula, AMOUNT


def _on_paper(sheet: Worksheet) -> None:
    """A4 on its side, as wide as the page, with page numbers; every amount with two decimals."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    footer: Any = sheet.oddFooter
    footer.left.text, footer.right.text = "FOI-portalen, &D", "Side &P af &N"
    for column in SUMMED:
        for cell in sheet[column]:
            if isinstance(cell, Cell) and cell.row >= FIRST and cell.number_format == "General":
                cell.number_format = AMOUNT


__all__ = ["AMOUNT", "FIRST", "HEADS", "LINE", "write"]
