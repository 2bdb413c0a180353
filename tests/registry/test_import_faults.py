"""Everything people's files contain: each fault is named by file, row and column, all of them at once."""

from __future__ import annotations

import io
import random
import time
import zipfile

import openpyxl
import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from registry.importing import SourceFile
from registry.importing.planning import _loops
from registry.importing.tables import MAX_CELL
from registry.importing.textfile import find_separator
from tests.registry.importing import (
    COMPONENTS,
    DEPENDENCIES,
    ORGANISATIONS,
    SYSTEMS,
    apply,
    counts,
    csv,
    demo,
    demo_workbook,
    plan,
    small,
    told,
    workbook,
)

pytestmark = pytest.mark.django_db


def rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


# What is forgiven


@pytest.mark.parametrize(
    "written",
    [
        "\ufeff" + SYSTEMS,
        SYSTEMS.replace(",", ";"),
        SYSTEMS.replace(",", "\t"),
        SYSTEMS.replace("\n", "\r\n"),
        "\n\n" + SYSTEMS + "\n,,,,\n\n",
        SYSTEMS.replace(",4,", ",  4 ,").replace("KMD", " kmd "),
        "sep=;\r\n" + SYSTEMS.replace(",", ";"),
        SYSTEMS.replace("code,name", "Code , NAME"),
        SYSTEMS.replace(",sensitive,active", ",Følsomme,I drift"),
        "\n".join(f"{line},," for line in SYSTEMS.splitlines()),
    ],
)
def test_the_same_system_however_the_file_is_written(written):
    found = plan(small(systems=written))
    assert told(found) == []
    (row,) = next(f for f in found.files if f.format.name == "systems").created
    assert (row.key, row.after["criticality"], row.after["personal_data"]) == (("CURA",), 4, "sensitive")


def test_separators_inside_quotes_do_not_count():
    assert find_separator('"navn, adresse, by";kode\nA,B,C;1') == ";"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_danish_letters_survive_every_encoding(encoding):
    written = SYSTEMS.replace("Omsorgsjournal", "Ældre på ø – «æøå»").encode(encoding)
    found = plan(small(systems=written))
    assert told(found) == []
    (row,) = next(f for f in found.files if f.format.name == "systems").created
    assert row.after["description"] == "Ældre på ø – «æøå»"


def test_line_breaks_in_quotes_are_one_row_and_rows_are_counted_as_a_spreadsheet_counts():
    written = (
        SYSTEMS.replace("Omsorgsjournal", '"Første linje\r\n\r\nAnden ""linje"""') + "B,B,UKENDT,,,,,active\n"
    )
    found = plan(small(systems=written))
    assert [(row, column) for _, row, column, _ in told(found)] == [(3, "vendor_code")]
    (row,) = (r for f in found.files for r in f.created if r.key == ("CURA",))
    assert row.after["description"] == 'Første linje\n\nAnden "linje"'


def test_a_file_with_another_name_is_known_by_its_columns():
    found = plan([SourceFile(f"{f.name[:-4]} ny.csv", f.content) for f in small()])
    assert told(found) == []
    assert counts(found)["systems"] == (1, 0, 0)
    assert any("Læst som systems" in note.message for note in found.notes)


# Names of files and columns


@pytest.mark.parametrize("name", ["Fagsystemer", "fagsystemer (2)", "FAGSYSTEMER", "systems (1)"])
def test_a_file_may_have_the_name_of_our_own_list(name):
    found = plan([*small(systems=""), csv(name, SYSTEMS)])
    assert told(found) == []
    assert counts(found)["systems"] == (1, 0, 0)
    assert found.notes == []


def test_columns_may_have_the_headings_of_the_screens():
    systems = (
        "Kode;Fagsystem;Leverandør;Forvaltning;Kritikalitet;Persondata;Status;Bruges direkte af\n"
        "CURA;Cura;KMD;OK;4 Kritisk;Følsomme;I drift;7\n"
    )
    dependencies = (
        "Hvem bruger;Hvad bruges;Formål;Data;Svigter den;Status;Siden\n"
        "CURA;SF1520;Opslag;reads;critical;active;2020\n"
    )
    apply(small())
    found = plan(
        [
            csv("fagsystemer", systems),
            csv("afhaengigheder", dependencies),
            csv("komponenter", "Kode,Navn,Hører til,Ejer\nSP,Serviceplatformen,,KMD\n"),
        ]
    )
    assert told(found) == []
    assert counts(found) == {"components": (0, 0, 1), "systems": (0, 0, 1), "dependencies": (0, 0, 1)}
    (note,) = found.notes
    assert (note.row, note.message) == (
        1,
        "Sprunget over, for det regner portalen selv ud: «Bruges direkte af».",
    )


def test_a_file_nobody_knows_is_refused_with_the_names_that_are_known():
    ((file, row, _, message),) = told(plan([csv("depndencies", "a,b\n1,2\n")]))
    assert (file, row) == ("depndencies.csv", 0)
    assert "Mente du «dependencies»?" in message


def test_the_same_kind_of_file_twice_is_refused():
    found = plan([*small(), SourceFile("systems.txt", SYSTEMS.encode())])
    assert [m for *_, m in told(found)] == ["Fagsystemer står også i systems.csv. Vælg en af dem."]


def test_a_renamed_column_is_named_with_the_one_that_was_meant():
    found = plan(
        small(systems=SYSTEMS.replace("vendor_code", "leverandor").replace("criticality", "critcality"))
    )
    assert told(found) == [
        ("systems.csv", 1, "critcality", "Kolonnen «critcality» kendes ikke. Mente du «criticality»?"),
        ("systems.csv", 1, "leverandor", "Kolonnen «leverandor» kendes ikke. Mente du «vendor_code»?"),
    ]


def test_a_missing_key_column_is_named_and_does_not_drown_in_what_follows_from_it():
    found = plan(small(organisations=ORGANISATIONS.replace("code,name", "koode,name")))
    assert told(found) == [
        ("organisations.csv", 1, "code", "Kolonnen «code» mangler."),
        ("organisations.csv", 1, "koode", "Kolonnen «koode» kendes ikke. Mente du «code»?"),
    ]


def test_a_column_that_new_rows_need_is_missed_once():
    ((file, row, column, message),) = told(
        plan(small(components="code,name,kind,status\nSP,SP,platform,active\nSF1520,x,service,active\n"))
    )
    assert (file, row, column) == ("components.csv", 1, "level")
    assert "2 rækker er nye" in message


def test_a_column_that_a_new_row_needs_is_missed_also_when_the_row_has_other_faults():
    found = plan(
        small(components="code,name,kind,status\nSP,,platform,active\n", systems="", dependencies="")
    )
    assert [(row, column) for _, row, column, _ in told(found)] == [(1, "level"), (2, "name")]


def test_the_same_column_twice_is_refused():
    ((_, row, column, message),) = told(plan(small(systems=SYSTEMS.replace("description", "Name"))))
    assert (row, column, message) == (1, "name", "Kolonnen «name» står to gange, i B og E. Slet den ene.")


def test_a_merged_header_is_recognised():
    ((_, row, column, message),) = told(plan(small(systems=SYSTEMS.replace("vendor_code,", ","))))
    assert (row, column) == (1, "C")
    assert "flettet" in message


def test_a_merged_title_over_the_table_is_recognised():
    found = plan(small(systems="Odense Kommunes systemer,,,\n" + SYSTEMS, dependencies=""))
    assert any("titel hen over tabellen" in message for _, row, _, message in told(found) if row == 1)


@pytest.mark.parametrize(
    ("content", "why"), [("", "tom"), ("\n ; ;\n", "ingen rækker"), ("code,name\n", "under kolonnenavnene")]
)
def test_an_empty_sheet_is_named(content, why):
    ((file, _, _, message),) = told(plan([csv("systems", content)]))
    assert file == "systems.csv"
    assert why in message


def test_a_row_with_more_cells_than_columns_is_named():
    ((_, row, _, message),) = told(
        plan(small(systems=SYSTEMS + "X,Et navn, med komma,KMD,OK,,1,none,active\n"))
    )
    assert row == 3
    assert "flere felter" in message


# Cells


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        ("X,X,KMD,OK,,7,none,active", "criticality", "1 og 4"),
        (f"X,{'n' * 10_000},KMD,OK,,1,none,active", "name", "10000 tegn lang. Den må højst være 200"),
        (f"X,{'n' * (MAX_CELL + 1)},KMD,OK,,1,none,active", "name", f"højst være {MAX_CELL}"),
        ("X,,KMD,OK,,1,none,active", "name", "Skal udfyldes"),
        (",X,KMD,OK,,1,none,active", "code", "Skal udfyldes"),
        ("A/B,X,KMD,OK,,1,none,active", "code", "bogstaver"),
        ("X,X,KDM,OK,,1,none,active", "vendor_code", "Mente du «KMD»"),
        ("X,X,INTET,OK,,1,none,active", "vendor_code", "tag den med i organisations"),
        ("X,X,KMD,OK,,1,hemmelig,active", "personal_data", "Brug en af: none, ordinary"),
        ("X,X,KMD,OK,,1,none,actve", "status", "Mente du «active»"),
        ("X,X,KMD,OK,=A1&B1,1,none,active", "description", "formel"),
        ("X,X\x01,KMD,OK,,1,none,active", "name", "styretegn"),
        ("SP,X,KMD,OK,,1,none,active", "code", "Koden står også i components.csv, række 2"),
        ("cura,Anden,KMD,OK,,1,none,active", "code", "Står også i række 2 med andre værdier"),
    ],
)
def test_a_bad_cell_is_named_by_file_row_and_column(line, column, why):
    ((file, row, where, message),) = told(plan(small(systems=f"{SYSTEMS}{line}\n")))
    assert (file, row, where) == ("systems.csv", 3, column)
    assert why in message


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        ("CURA,CURA,x,reads,minor,active,2020", "target_code", "sig selv"),
        ("CURA,SF152O,x,reads,minor,active,2020", "target_code", "Mente du «SF1520»"),
        ("CURA,SP,x,reads,minor,active,29-02-2023", "since", "kalenderen"),
        ("CURA,SP,x,reads,minor,active,31.12.26", "since", "fire cifre"),
        ("CURA,SF1520,Andet,reads,minor,active,2021", "source_code", "række 2 med andre værdier"),
        ("CURA,SP,x,,minor,active,2021", "direction", "Skal udfyldes"),
    ],
)
def test_a_bad_dependency_is_named_by_file_row_and_column(line, column, why):
    ((file, row, where, message),) = told(plan(small(dependencies=f"{DEPENDENCIES}{line}\n")))
    assert (file, row, where) == ("dependencies.csv", 3, column)
    assert why in message


def test_an_end_before_the_start_is_named():
    header = DEPENDENCIES.splitlines()[0] + ",until"
    found = plan(small(dependencies=f"{header}\nCURA,SP,x,reads,minor,active,2020,31-12-2019\n"))
    assert told(found) == [
        ("dependencies.csv", 2, "until", "Slutdatoen skal ligge efter siden (01-01-2020).")
    ]


def test_an_end_before_a_start_that_stands_in_the_registry_is_named():
    apply(small())
    found = plan(
        [csv("dependencies", "source_code,target_code,direction,until\nCURA,SF1520,reads,01-01-2019\n")]
    )
    assert [(row, column) for _, row, column, _ in told(found)] == [(2, "until")]


def test_the_dates_of_a_system_must_come_in_order():
    header = SYSTEMS.splitlines()[0]
    line = "X,X,KMD,OK,,1,none,active,2020,2019,2018"
    found = plan(
        small(systems=f"{header},active_from,phasing_out_from,retired_from\n{line}\n", dependencies="")
    )
    assert {column for _, _, column, _ in told(found)} == {"phasing_out_from", "retired_from"}


def test_identical_rows_count_once_and_both_are_named():
    found = plan(small(systems=SYSTEMS + SYSTEMS.splitlines()[1] + "\n"))
    assert told(found) == []
    assert counts(found)["systems"] == (1, 0, 0)
    assert [(n.row, n.message) for n in found.notes] == [
        (3, "Rækken er den samme som række 2 og tælles kun med én gang.")
    ]


def test_a_component_that_is_a_system_in_the_registry_is_named():
    apply(small())
    components = COMPONENTS.splitlines()[0] + "\nCURA,Cura,,KMD,own,platform,active,,,\n"
    ((_, row, column, message),) = told(plan([csv("components", components)]))
    assert (row, column) == (2, "code")
    assert "et fagsystem" in message


def test_a_parent_that_is_a_system_is_named():
    ((_, row, column, message),) = told(plan(small(components=COMPONENTS.replace(",SP,", ",CURA,"))))
    assert (row, column, message) == (3, "parent_code", "«CURA» er et fagsystem. Vælg en komponent.")


def test_a_ring_in_the_module_tree_is_named_at_each_row_on_it():
    header = COMPONENTS.splitlines()[0]
    lines = "".join(f"{a},{a},{b},,own,module,active,,,\n" for a, b in ("AB", "BC", "CA", "DA"))
    found = plan(small(components=header + "\n" + lines, systems="", dependencies=""))
    assert told(found) == [
        ("components.csv", 2, "parent_code", "Det går i ring: A → B → C → A. Vælg en anden."),
        ("components.csv", 3, "parent_code", "Det går i ring: B → C → A → B. Vælg en anden."),
        ("components.csv", 4, "parent_code", "Det går i ring: C → A → B → C. Vælg en anden."),
    ]


def test_a_ring_closed_over_a_row_of_the_registry_is_named():
    apply(small())
    ((_, row, column, message),) = told(plan([csv("components", "code,parent_code\nSP,SF1520\n")]))
    assert (row, column, message) == (2, "parent_code", "Det går i ring: SP → SF1520 → SP. Vælg en anden.")


def test_a_ring_of_organisations_and_its_own_parent_are_named():
    organisations = "code,name,kind,parent_code\nA,A,unit,B\nB,B,unit,A\nC,C,unit,C\n"
    found = plan([csv("organisations", organisations)])
    assert [(row, column) for _, row, column, _ in told(found)] == [
        (2, "parent_code"),
        (3, "parent_code"),
        (4, "parent_code"),
    ]
    assert "sig selv" in told(found)[2][3]


def test_loops_are_found_in_a_very_deep_tree():
    deep = {str(i): str(i + 1) for i in range(50_000)}
    assert _loops(deep) == {}
    assert len(_loops({**deep, "50000": "0"})) == 50_001


def test_a_successor_of_itself_is_named():
    found = plan(small(components=COMPONENTS.replace("service,active,,,", "service,active,,sf1520,")))
    assert told(found) == [
        ("components.csv", 3, "successor_code", "En komponent kan ikke afløses af sig selv.")
    ]


def test_a_kitos_id_used_twice_is_named():
    header = SYSTEMS.splitlines()[0] + ",external_id"
    lines = "".join(f"{c},{c},KMD,OK,,1,none,active,4f3d1a52-7c1e-4b8e-9a34-d0c2b6f1a977\n" for c in "AB")
    ((_, row, column, message),) = told(plan(small(systems=f"{header}\n{lines}", dependencies="")))
    assert (row, column, message) == (3, "external_id", "«A» har allerede dette KITOS-id.")


def test_markup_in_a_name_is_only_text():
    apply(small(systems=SYSTEMS.replace("Cura", "<script>alert(1)</script>")))
    assert counts(plan(small(systems=SYSTEMS.replace("Cura", "<script>alert(1)</script>"))))["systems"] == (
        0,
        0,
        1,
    )


def test_a_very_long_ring_is_told_in_no_time():
    size = 20_000
    lines = "".join(f"O{i},O{i},unit,O{(i + 1) % size}\n" for i in range(size))
    started = time.process_time()
    found = told(plan([csv("organisations", "code,name,kind,parent_code\n" + lines)]))
    assert time.process_time() - started < 5
    assert len(found) == size
    assert found[0][3] == "Det går i ring: O0 → O1 → O2 → O3 → O4 → O5 → … → O0. Vælg en anden."


# Names where codes should be


def test_a_name_that_only_one_row_has_stands_for_its_code():
    apply(small())
    found = plan(
        [
            csv("systems", "code,vendor_code,department_code\nCURA,kmd  a/s,ODENSE KOMMUNE\n"),
            csv("dependencies", DEPENDENCIES.replace("CURA,SF1520", "Cura,CPR-opslag")),
        ]
    )
    assert told(found) == []
    assert counts(found) == {"systems": (0, 0, 1), "dependencies": (0, 0, 1)}
    assert [(n.row, n.column, n.message) for n in found.notes] == [
        (2, "department_code", "Fundet på navnet: OK (Odense Kommune)."),
        (2, "vendor_code", "Fundet på navnet: KMD (KMD A/S)."),
        (2, "target_code", "Fundet på navnet: SF1520 (CPR-opslag)."),
    ]


def test_a_name_nobody_has_is_answered_with_the_one_that_was_meant():
    apply([f for f in demo() if f.name == "organisations.csv"])
    twins = csv("organisations", "code,name,kind\nT1,To ens,unit\nT2,To ens,unit\n")
    header = "code,name,status,vendor_code,department_code\n"
    lines = "A,A,active,,Børn og Unge\nB,B,active,Hvem som helst,\nC,C,active,,To ens\n"
    assert [m for *_, m in told(plan([twins, csv("systems", header + lines)]))] == [
        "«Børn og Unge» findes ikke. Mente du BUF (Børn- og Ungeforvaltningen)?",
        "«Hvem som helst» findes ikke. Skriv koden i stedet.",
        "«To ens» står for flere. Skriv koden i stedet.",
    ]
    empty = csv("dependencies", DEPENDENCIES.replace("CURA,", "Hvem som helst,"))
    assert next((row, column) for _, row, column, _ in told(plan([empty]))) == (2, "source_code")


def test_three_hundred_bad_cells_among_five_thousand_rows_are_all_named():
    chance = random.Random(2020)
    bad_rows = sorted(chance.sample(range(2, 5002), 300))
    lines = [SYSTEMS.splitlines()[0]]
    expected = []
    faults = {"criticality": "7", "vendor_code": "UKENDT", "personal_data": "hemmelig", "status": "måske"}
    for row in range(2, 5002):
        cells = {"vendor_code": "KMD", "criticality": "2", "personal_data": "none", "status": "active"}
        if row in set(bad_rows):
            column = chance.choice(sorted(faults))
            cells[column] = faults[column]
            expected.append(("systems.csv", row, column))
        vendor, *rest = cells.values()
        lines.append(",".join([f"S{row}", f"System {row}", vendor, "OK", "", *rest]))
    found = plan(small(systems="\n".join(lines), dependencies=""))
    assert [(file, row, column) for file, row, column, _ in told(found)] == expected
    assert len(expected) == 300


def test_too_many_rows_is_said(monkeypatch):
    monkeypatch.setattr("registry.importing.tables.MAX_ROWS", 3)
    ((_, row, _, message),) = told(
        plan([csv("organisations", "code,name,kind\n" + "".join(f"O{i},O,unit\n" for i in range(4)))])
    )
    assert row == 5
    assert "flere end 3 rækker" in message


def test_too_many_columns_is_said():
    ((_, row, _, message),) = told(plan([csv("systems", ",".join(f"c{i}" for i in range(200)) + "\n")]))
    assert (row, "64 kolonner" in message) == (1, True)


@pytest.mark.parametrize(
    "content", ['code,name\nA,"uden slut\nB,b\n', 'code,name\nA,"x"y\n', 'code,name\nA,"' + "x" * 200_000]
)
def test_a_quote_that_is_not_closed_is_named_by_its_row(content):
    found = plan([csv("systems", content)])
    assert any(row == 2 and "anførselstegn" in message for _, row, _, message in told(found))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("systems.csv", b"\x89PNG\r\n\x1a\n\0\0\0", "ikke en tekstfil"),
        ("systems.pdf", b"%PDF-1.7", "Filtypen"),
        ("systems.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "gammel Excel-fil"),
        ("systems.xlsx", b"code,name\nA,A\n", "ikke en Excel-projektmappe"),
        ("systems.xlsx", b"PK\x03\x04 and then nothing", "beskadiget"),
        ("systems.csv", b"PK\x03\x04 and then nothing", "hedder .csv"),
    ],
)
def test_what_is_no_table_is_refused_kindly(name, content, why):
    ((file, row, _, message),) = told(plan([SourceFile(name, content)]))
    assert (file, row) == (name, 0)
    assert why in message


# Workbooks


def test_a_workbook_with_a_sheet_per_file_is_the_same_thing():
    book = [SourceFile("landskab.xlsx", demo_workbook())]
    assert counts(apply(book))["dependencies"] == (289, 0, 0)
    assert all(f.created == f.updated == [] for f in plan(demo()).files)
    assert all(f.created == f.updated == [] for f in plan(book).files)


def test_cells_of_every_kind_are_read_as_people_see_them():
    import datetime

    book = workbook(
        {
            "organisations": [
                ["code", "name", "kind"],
                ["OK", "Odense", "municipality"],
                [1234, 42.5, "unit"],
            ],
            "dependencies": [
                ["source_code", "target_code", "direction", "since"],
                ["A", "B", "reads", 2019],
                ["A", "B", "writes", datetime.date(2026, 12, 31)],
                ["A", "B", "both", "31.12.2026"],
            ],
            "components": [
                ["code", "name", "level", "kind", "status", "criticality"],
                *([c, c, "own", "module", "active", 4.0] for c in "AB"),
            ],
            "Ark1": [],
        }
    )
    found = plan([SourceFile("x.xlsx", book)])
    assert told(found) == []
    created = {f.format.name: [row.after for row in f.created] for f in found.files}
    assert (created["organisations"][1]["code"], created["organisations"][1]["name"]) == ("1234", "42,5")
    assert [str(row["since"]) for row in created["dependencies"]] == [
        "2019-01-01",
        "2026-12-31",
        "2026-12-31",
    ]
    assert created["components"][0]["criticality"] == 4


def test_a_formula_and_an_error_cell_are_named_by_sheet_row_and_cell():
    book = workbook(
        {
            "systems": [
                ["code", "name", "status", "criticality"],
                ["A", "=B1&C1", "active", 1],
                ["B", "B", "active", "#REF!"],
            ]
        }
    )
    found = told(plan([SourceFile("x.xlsx", book)]))
    assert [(file, row, column) for file, row, column, _ in found] == [
        ("x.xlsx: systems", 2, "name"),
        ("x.xlsx: systems", 3, "criticality"),
    ]
    assert "B2 er en formel" in found[0][3]
    assert "fejl fra regnearket" in found[1][3]


def test_a_merged_header_in_a_workbook_is_recognised():
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "systems"
    for row in rows(SYSTEMS):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    saved = io.BytesIO()
    book.save(saved)
    found = told(plan([SourceFile("x.xlsx", saved.getvalue())]))
    assert any(column == "C" and "flettet" in message for _, row, column, message in found if row == 1)


def test_a_sheet_nobody_knows_is_named():
    book = workbook({"systmes": [["a"], ["b"]], "Noter": [["husk"]]})
    found = told(plan([SourceFile("x.xlsx", book)]))
    assert [file for file, *_ in found] == ["x.xlsx: Noter", "x.xlsx: systmes"]
    assert "Mente du «systems»?" in found[1][3]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_workbook_is_refused_kindly(keep):
    whole = demo_workbook()
    ((_, _, _, message),) = told(plan([SourceFile("x.xlsx", whole[: int(len(whole) * keep)])]))
    assert "beskadiget" in message


def test_a_workbook_with_any_byte_wrong_is_an_answer_and_never_a_crash():
    whole, chance = demo_workbook(), random.Random(1)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 40)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        plan([SourceFile("x.xlsx", bytes(broken))])


def repacked(replaced: dict[str, bytes]) -> bytes:
    """A small workbook with some of its parts replaced or added."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"systems": rows(SYSTEMS)}))) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename not in replaced:
                new.writestr(entry.filename, old.read(entry))
        for name, content in replaced.items():
            new.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("replaced", "why"),
    [
        ({"xl/worksheets/sheet1.xml": b"<worksheet>" + b"<row/>" * 20_000_000}, "fylder for meget"),
        ({"xl/media/image1.bin": bytes(100_000_000)}, "fylder for meget"),
        ({"xl/styles.xml": random.Random(1).randbytes(6 * 1024 * 1024)}, "fylder for meget"),
        ({f"xl/media/{i}": b"" for i in range(1_001)}, "fylder for meget"),
        (
            {
                "xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><workbook>&b;</workbook>'
            },
            "DTD",
        ),
        (
            {"xl/workbook.xml": b'<!DOCTYPE workbook SYSTEM "file:///etc/passwd"><workbook/>'},
            "DTD",
        ),
        (
            {
                "xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row>"
                + b"".join(b'<c r="A%d" s="%d"/>' % (i * 7919 % 999_983, i) for i in range(250_000))
            },
            "urimeligt lang",
        ),
    ],
    ids=["sheet", "media", "styles", "entries", "entities", "outside", "one endless row"],
)
def test_a_bomb_in_workbook_clothing_is_refused_before_it_goes_off(replaced, why):
    bomb = repacked(replaced)
    assert len(bomb) < 20 * 1024 * 1024
    ((_, _, _, message),) = told(plan([SourceFile("bombe.xlsx", bomb)]))
    assert why in message


def test_a_zip_of_files_is_refused_with_what_to_do():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("systems.csv", SYSTEMS)
    ((_, _, _, message),) = told(plan([SourceFile("alt.zip", packed.getvalue())]))
    assert "Pak den ud" in message


def test_a_sheet_that_lies_about_its_size_is_read_all_the_same():
    with zipfile.ZipFile(io.BytesIO(workbook({"systems": rows(SYSTEMS)}))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    lying = sheet.replace(b"<sheetData", b'<dimension ref="A1:XFD1048576"/><sheetData', 1)
    assert lying != sheet
    found = plan(
        [
            *small(systems="", dependencies=""),
            SourceFile("x.xlsx", repacked({"xl/worksheets/sheet1.xml": lying})),
        ]
    )
    assert told(found) == []
    assert counts(found)["systems"] == (1, 0, 0)


def sheet_xml(*numbered: int) -> bytes:
    """A worksheet with one cell in column A of each of these rows."""
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>code</t></is></c></row>' for n in numbered
    )
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{namespace}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def test_a_cell_far_below_the_table_costs_no_million_rows_and_is_named():
    bottom = repacked({"xl/worksheets/sheet1.xml": sheet_xml(1, 1_048_576)})
    started = time.process_time()
    found = told(plan([SourceFile("x.xlsx", bottom)]))
    assert time.process_time() - started < 1
    assert ("x.xlsx: systems", 1_048_576) in [(file, row) for file, row, *_ in found]
    assert "Der er 1.048.574 tomme rækker over denne" in found[-1][3]
    blank = csv("organisations", "code,name,kind\n" + ",,\n" * 10_001 + "A,A,unit\n")
    assert next((row, "10.001 tomme" in message) for _, row, _, message in told(plan([blank]))) == (
        10_003,
        True,
    )
    assert told(plan([csv("organisations", "code,name,kind\nA,A,unit\n" + ",,\n" * 10_001)])) == []


def test_all_sheets_share_one_budget_of_rows(monkeypatch):
    monkeypatch.setattr("registry.importing.workbook._Budget.left", 3)
    few = workbook({"organisations": rows(ORGANISATIONS)[:3], "Ark2": []})
    assert told(plan([SourceFile("x.xlsx", few)])) == []
    many = workbook({"organisations": rows(ORGANISATIONS)[:3], "systems": rows(SYSTEMS)})
    ((_, _, _, message),) = told(plan([SourceFile("x.xlsx", many)]))
    assert "tilsammen flere end" in message


TEXTS = "xl/sharedStrings.xml"


def moved(part: str, to: str, size: int = 0) -> bytes:
    """A workbook with a part under another name, known by its content type, and made larger."""
    book, saved, packed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    assert book.active is not None
    book.active.title = "systems"
    for row in rows(SYSTEMS):
        book.active.append(row)
    book.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "[Content_Types].xml" or entry.filename.endswith(".rels"):
                content = content.replace(part.encode(), to.encode())
            if entry.filename == "[Content_Types].xml" and part == TEXTS:
                texts = f'<Override PartName="/{to}" ContentType="{SHARED_STRINGS}"/></Types>'
                content = content.replace(b"</Types>", texts.encode())
                new.writestr(
                    to,
                    b"<sst><si><t>"
                    + random.Random(1).randbytes(size // 2).hex().encode()
                    + b"</t></si></sst>",
                )
            name = to if entry.filename == part else entry.filename
            if entry.filename == "xl/_rels/workbook.xml.rels" and part == "xl/workbook.xml":
                name = f"xl/_rels/{to.removeprefix('xl/')}.rels"
            if name == to:
                content += b"<!--" + random.Random(1).randbytes(size // 2).hex().encode() + b"-->"
            new.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("part", "to", "size", "why"),
    [
        ("xl/workbook.xml", "xl/workbook.dat", 6_000_000, "fylder for meget"),
        ("xl/workbook.xml", "xl/workbook.dat", 0, "beskadiget"),
        ("xl/workbook.xml", "xl/media/workbook.xml", 6_000_000, "beskadiget"),
        ("xl/workbook.xml", "xl/worksheets/workbook.xml", 0, "beskadiget"),
        (TEXTS, "xl/worksheets/texts.xml", 0, "beskadiget"),
        (TEXTS, "xl/media/texts.xml", 6_000_000, "beskadiget"),
        ("xl/worksheets/sheet1.xml", "xl/media/sheet1.xml", 6_000_000, "beskadiget"),
    ],
)
def test_a_part_that_is_not_where_it_belongs_is_refused(part, to, size, why):
    ((_, _, _, message),) = told(plan([SourceFile("x.xlsx", moved(part, to, size))]))
    assert why in message


def test_rows_that_do_not_come_in_order_are_refused():
    back = repacked({"xl/worksheets/sheet1.xml": sheet_xml(1, 2, 2)})
    ((_, _, _, message),) = told(plan([SourceFile("x.xlsx", back)]))
    assert "beskadiget" in message


def test_a_workbook_with_too_many_sheets_is_refused():
    book = workbook({f"Ark{i}": [] for i in range(31)})
    ((_, _, _, message),) = told(plan([SourceFile("x.xlsx", book)]))
    assert "flere end 30 ark" in message
