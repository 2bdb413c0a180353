"""``import_registry``."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from foi_portal.core.models import Change, User
from registry.models import Asset
from tests.registry.importing import DEMO, ORGANISATIONS, small, workbook

pytestmark = pytest.mark.django_db


def run(*args: object, **options: object) -> str:
    out = io.StringIO()
    call_command("import_registry", *map(str, args), stdout=out, stderr=out, **options)
    return out.getvalue()


def write(directory: Path, **changed: str) -> Path:
    for file in small(**changed):
        (directory / file.name).write_bytes(file.content)
    (directory / "README.md").write_text("ikke en fil til import")
    return directory


def test_without_commit_it_tells_and_writes_nothing(tmp_path):
    told = run(write(tmp_path))
    assert "systems.csv: 1 ville blive oprettet, 0 ville blive ændret, 0 uændret" in told
    assert "Prøvekørsel" in told
    assert not Asset.objects.exists()


def test_with_commit_it_writes_and_the_second_run_has_nothing_to_do(tmp_path):
    told = run(write(tmp_path), "--commit", reason="Første indlæsning")
    assert "systems.csv: 1 er oprettet" in told
    assert set(Change.objects.filter(table="registry_asset").values_list("reason", "kind")) == {
        ("Første indlæsning", "import")
    }
    assert "Der var ikke noget at ændre." in run(tmp_path, "--commit")


def test_the_published_files_are_accepted_as_they_are():
    told = run(DEMO, "--commit")
    assert "dependencies.csv: 289 er oprettet" in told


def test_with_faults_it_names_them_all_and_ends_with_one(tmp_path, capsys):
    write(tmp_path, dependencies="source_code,target_code,direction\nCURA,CURA,reads\nCURA,SF152O,reads\n")
    for commit in ([], ["--commit"]):
        out = io.StringIO()
        with pytest.raises(CommandError, match=r"2 fejl\. Intet er skrevet") as caught:
            call_command("import_registry", str(tmp_path), *commit, stdout=out, stderr=out)
        assert caught.value.returncode == 1
        assert (
            "dependencies.csv, række 2, kolonne target_code: Noget kan ikke afhænge af sig selv"
            in out.getvalue()
        )
        assert (
            "dependencies.csv, række 3, kolonne target_code: Koden kendes ikke. Mente du «SF1520»?"
            in out.getvalue()
        )
    assert not Asset.objects.exists()


def test_one_file_alone_and_a_workbook(tmp_path):
    (tmp_path / "organisations.csv").write_text(ORGANISATIONS)
    assert "2 er oprettet" in run(tmp_path / "organisations.csv", "--commit")
    (tmp_path / "x.xlsx").write_bytes(
        workbook({"organisations": [line.split(",") for line in ORGANISATIONS.splitlines()]})
    )
    assert "2 uændret" in run(tmp_path / "x.xlsx", "--commit")


def test_the_person_named_stands_in_the_history(tmp_path):
    user = User.objects.create_user("karin")
    run(write(tmp_path), "--commit", user="karin")
    assert set(Change.objects.filter(table="registry_asset").values_list("actor", flat=True)) == {user.pk}
    with pytest.raises(CommandError, match="ingen aktiv bruger"):
        run(tmp_path, user="ukendt")


def test_a_path_that_is_not_there_an_empty_directory_and_a_huge_file_are_told(tmp_path, settings):
    with pytest.raises(CommandError, match="findes ikke"):
        run(tmp_path / "nej")
    with pytest.raises(CommandError, match="ingen CSV"):
        run(tmp_path)
    settings.UPLOAD_MAX_BYTES = 10
    with pytest.raises(CommandError, match="fylder mere"):
        run(write(tmp_path))
