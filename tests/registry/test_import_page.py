"""``/import/``: from files to a change set, through the pages."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import Change
from foi_portal.core.permissions import FOI, MANAGER, READER, RESPONSIBLE, sync_groups
from registry.importing import SourceFile, jobs
from registry.models import Asset, Dependency, ImportFile, ImportJob, ImportState, System
from tests import factories
from tests.registry.importing import SYSTEMS, apply, demo, demo_workbook, small
from tests.registry.importing import csv as csv_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _work_is_done_in_the_request(settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True


@pytest.fixture
def karin():
    sync_groups()
    return factories.user(FOI, first_name="Karin", last_name="Toft")


@pytest.fixture
def foi(client, karin, django_capture_on_commit_callbacks):
    """Karin's browser: what waits for the commit happens at once, as it does without workers."""
    client.force_login(karin)
    plain_post = client.post

    def post(*args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return plain_post(*args, **kwargs)

    client.post = post
    return client


def choose(browser, files: list[SourceFile]) -> ImportJob:
    uploads = [SimpleUploadedFile(file.name, file.content) for file in files]
    answer = browser.post(reverse("import"), {"files": uploads})
    assert answer.status_code == 302, answer.content.decode()
    return ImportJob.objects.get(pk=answer.url.rstrip("/").rsplit("/", 1)[-1])


def carry_out(browser, job: ImportJob, **values: str) -> str:
    data = {"plan": job.plan_digest, **values}
    assert browser.post(reverse("import-commit", args=[job.pk]), data).status_code == 302
    return page(browser, job)


def page(browser, job: ImportJob) -> str:
    answer = browser.get(job.get_absolute_url())
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_whole_landscape_goes_in_and_the_second_time_there_is_nothing_to_do(foi, karin):
    job = choose(foi, demo())
    assert job.state == ImportState.CHECKED
    shown = page(foi, job)
    assert "575 rækker vil blive oprettet eller ændret" in shown
    assert not Asset.objects.exists()

    shown = carry_out(foi, job, reason="Første indlæsning")

    job.refresh_from_db()
    assert job.state == ImportState.APPLIED
    assert job.change_set is not None
    assert reverse("changeset", args=[job.change_set]) in shown
    assert Dependency.objects.count() == 289
    changes = Change.objects.filter(change_set=job.change_set)
    assert changes.count() == 575
    assert set(changes.values_list("actor", "reason", "kind")) == {(karin.pk, "Første indlæsning", "import")}

    again = choose(foi, demo())
    assert "Der er ikke noget at ændre" in page(foi, again)
    assert "Gennemfør import" not in page(foi, again)


def test_a_workbook_goes_in_the_same_way(foi):
    job = choose(foi, [SourceFile("landskab.xlsx", demo_workbook())])
    carry_out(foi, job)
    assert (System.objects.count(), Dependency.objects.count()) == (61, 289)


def test_the_preview_shows_before_and_after_in_danish(foi):
    apply(small())
    job = choose(
        foi, [csv_file("systems", SYSTEMS.replace("Cura,", "<b>Cura</b>,").replace("active", "retired"))]
    )
    shown = page(foi, job)
    assert "<del>I drift</del>" in shown
    assert "<ins>Udfaset</ins>" in shown
    assert "<ins>&lt;b&gt;Cura&lt;/b&gt;</ins>" in shown


def test_the_preview_shows_new_rows_openly_and_labels_begin_with_a_capital(foi):
    lines = "".join(f"S{i:02},S{i:02},active\n" for i in range(21))
    shown = page(foi, choose(foi, [csv_file("systems", "code,name,status\n" + lines)]))
    assert "<details" not in shown.split('id="import-job"')[1]
    assert "Navn: S19" in shown
    assert "Navn: S20" not in shown
    assert "De første 20 af 21 vises." in shown


def test_one_fault_is_one(foi):
    shown = page(foi, choose(foi, small(systems=SYSTEMS.replace(",4,", ",5,"), dependencies="")))
    assert "Der er 1 fejl<" in shown
    assert "Alle 1" not in shown


def test_faults_are_shown_and_nothing_can_be_carried_out(foi):
    job = choose(
        foi, small(dependencies="source_code,target_code,direction\nCURA,SF152O,reads\nCURA,CURA,reads\n")
    )
    assert job.state == ImportState.REJECTED
    shown = page(foi, job)
    assert "2 fejl, og intet er indlæst" in shown
    assert "Mente du «SF1520»?" in shown
    assert "Gennemfør import" not in shown
    carry_out(foi, job)
    assert not Asset.objects.exists()


def test_many_faults_are_cut_on_the_page_and_whole_in_the_csv(foi):
    lines = "".join(f"S{i},=1+{i},KMD,OK,,7,none,active\n" for i in range(400))
    job = choose(foi, small(systems=SYSTEMS.splitlines()[0] + "\n" + lines, dependencies=""))
    shown = page(foi, job)
    assert "Viser de første 500 af 800 fejl" in shown
    assert shown.count('<td data-title="Fejl">') == 500
    answer = foi.get(reverse("import-errors", args=[job.pk]))
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["file", "row", "column", "value", "message"]
    assert len(rows) == 801
    assert rows[1][:3] == ["systems.csv", "2", "criticality"]
    assert all(not cell.startswith("=") for row in rows for cell in row)


def test_more_faults_than_are_kept_is_said(foi, monkeypatch):
    monkeypatch.setattr(jobs, "KEPT_PROBLEMS", 600)
    lines = "".join(f"S{i},=1+{i},KMD,OK,,7,none,active\n" for i in range(400))
    job = choose(foi, small(systems=SYSTEMS.splitlines()[0] + "\n" + lines, dependencies=""))
    assert "De første 600 kan hentes som CSV" in page(foi, job)
    assert len(foi.get(reverse("import-errors", args=[job.pk])).content.splitlines()) == 601


def test_without_faults_there_is_no_list_of_them(foi):
    assert foi.get(reverse("import-errors", args=[choose(foi, small()).pk])).status_code == 404


def test_a_registry_that_changed_since_gives_a_new_dry_run_and_no_import(foi):
    apply(small())
    job = choose(foi, [csv_file("systems", "code,name\nCURA,Cura 2\n")])
    System.objects.update(name="Cura 3")
    shown = carry_out(foi, job)
    job.refresh_from_db()
    assert job.state == ImportState.CHECKED
    assert "Registret er ændret siden prøvekørslen" in shown
    assert "<del>Cura 3</del>" in shown
    assert System.objects.get().name == "Cura 3"
    carry_out(foi, job)
    assert System.objects.get().name == "Cura 2"


def test_a_registry_that_no_longer_fits_gives_the_faults(foi):
    apply(small())
    job = choose(foi, [csv_file("components", "code,parent_code\nSP,\nSF1520,\n")])
    job_2 = choose(foi, [csv_file("dependencies", "source_code,target_code,direction\nCURA,SP,reads\n")])
    Dependency.objects.all().delete()
    System.objects.all().delete()
    carry_out(foi, job)
    shown = carry_out(foi, job_2)
    assert "1 fejl, og intet er indlæst" in shown


def test_yes_to_an_older_dry_run_is_not_yes_to_a_newer(foi):
    job = choose(foi, small())
    shown = carry_out(foi, job, plan="en anden")
    assert "Se på den igen" in shown
    assert not Asset.objects.exists()


def test_yes_twice_is_carried_out_once(foi):
    job = choose(foi, small())
    carry_out(foi, job)
    assert "Se på den igen" in carry_out(foi, job)
    assert Change.objects.filter(table="registry_dependency").count() == 1


def test_a_reason_with_what_the_database_cannot_keep_is_tidied(foi):
    carry_out(foi, choose(foi, small()), reason=" Ny\0 aftale " + "x" * 500)
    job = ImportJob.objects.get()
    assert job.state == ImportState.APPLIED
    assert job.reason == ("Ny aftale " + "x" * 500)[:400]


@pytest.mark.parametrize(
    ("left_in", "then"),
    [
        (ImportState.UPLOADED, ImportState.CHECKED),
        (ImportState.CHECKING, ImportState.CHECKED),
        (ImportState.APPLYING, ImportState.APPLIED),
    ],
)
def test_without_workers_opening_the_page_takes_up_what_was_interrupted(foi, karin, left_in, then):
    job = choose(foi, small())
    long_ago = timezone.now() - 2 * jobs.STALE
    ImportJob.objects.update(state=left_in, claim=uuid.uuid4(), claimed_at=long_ago, accepted_by=karin)
    page(foi, job)
    job.refresh_from_db()
    assert job.state == then


def test_with_workers_the_page_leaves_the_work_to_them(foi, settings):
    job = choose(foi, small())
    settings.CELERY_TASK_ALWAYS_EAGER = False
    ImportJob.objects.update(state=ImportState.CHECKING, claimed_at=timezone.now() - 2 * jobs.STALE)
    page(foi, job)
    job.refresh_from_db()
    assert job.state == ImportState.CHECKING


def test_a_database_that_is_busy_does_not_hide_the_page(foi, monkeypatch):
    job = choose(foi, small())
    ImportJob.objects.update(state=ImportState.CHECKING, claimed_at=timezone.now() - 2 * jobs.STALE)

    def busy(_now):
        raise OperationalError("database is locked")

    monkeypatch.setattr(jobs, "sweep", busy)
    assert "Kontrolleres" in page(foi, job)


def test_a_discarded_import_is_gone_for_good_with_its_files(foi):
    job = choose(foi, small())
    foi.post(reverse("import-discard", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == ImportState.DISCARDED
    assert not ImportFile.objects.exclude(content=b"").exists()
    carry_out(foi, job)
    assert not Asset.objects.exists()


def test_the_bytes_are_forgotten_when_the_import_is_done_but_not_the_names(foi):
    job = choose(foi, small())
    assert all(file.content for file in job.files.all())
    carry_out(foi, job)
    assert {(file.name, bytes(file.content)) for file in job.files.all()} >= {("systems.csv", b"")}
    assert "systems.csv" in foi.get(reverse("import")).content.decode()


def test_no_file_too_many_files_and_an_odd_field_are_answered_kindly(foi):
    assert "Vælg mindst én fil" in foi.post(reverse("import")).content.decode()
    assert "Vælg mindst én fil" in foi.post(reverse("import"), {"files": "tekst"}).content.decode()
    many = [SimpleUploadedFile(f"{i}.csv", b"x") for i in range(11)]
    assert "højst 10 filer" in foi.post(reverse("import"), {"files": many}).content.decode()
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0", b"PK\x03\x04", b"\xff\xfe", b'"', b"code\n", "kolonne;navn\nÆ;Ø".encode("cp1252")],
)
def test_whatever_is_uploaded_there_is_an_answer(foi, content):
    for name in ("systems.csv", "x.xlsx", "<b>.csv", "uden-endelse"):
        job = choose(foi, [SourceFile(name, content)])
        assert job.state == ImportState.REJECTED
        assert "<b>.csv" not in page(foi, job)


def test_a_fault_of_our_own_is_told_and_leaves_nothing(foi, monkeypatch):
    def crash(*_args, **_kwargs):
        raise RuntimeError("fejl i portalen")

    monkeypatch.setattr(jobs, "make_plan", crash)
    job = choose(foi, small())
    assert job.state == ImportState.FAILED
    assert "Intet er indlæst" in page(foi, job)


def test_a_crash_while_writing_leaves_nothing_and_is_told(foi, monkeypatch):
    job = choose(foi, small())

    def crash(*_args, **_kwargs):
        raise RuntimeError("fejl i portalen")

    monkeypatch.setattr("registry.importing.applying._Writer._update", crash)
    carry_out(foi, job)
    job.refresh_from_db()
    assert job.state == ImportState.FAILED
    assert not Asset.objects.exists()


def test_while_work_is_going_on_the_page_asks_again_and_htmx_gets_only_the_part(foi):
    job = choose(foi, small())
    ImportJob.objects.update(state=ImportState.APPLYING)
    shown = page(foi, job)
    assert 'hx-trigger="every 1s"' in shown
    assert ">Opdatér</a>" in shown
    part = foi.get(job.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="import-job"')
    assert "<html" not in part
    ImportJob.objects.update(state=ImportState.APPLIED, report={"changes": 0, "files": [], "notes": []})
    assert "hx-trigger" not in page(foi, job)


def test_the_bar_shows_how_far_the_worker_is(foi):
    from django.core.cache import cache

    job = choose(foi, small())
    ImportJob.objects.update(state=ImportState.APPLYING)
    cache.set(jobs._progress_key(job.pk), {"text": "Skriver afhængigheder", "done": 12_000, "total": 50_000})
    shown = page(foi, job)
    assert '<progress aria-labelledby="h-progress" max="50000" value="12000">' in shown
    assert "Skriver afhængigheder: 12.000 af 50.000" in shown


def test_an_import_that_is_not_there_is_404(foi):
    for name in ("import-job", "import-errors"):
        assert foi.get(reverse(name, args=[uuid.uuid4()])).status_code == 404
    for name in ("import-commit", "import-discard"):
        assert foi.post(reverse(name, args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("group", [READER, RESPONSIBLE, MANAGER])
def test_who_may_not_edit_the_registry_may_not_import(client, foi, group):
    job = choose(foi, small())
    client.force_login(factories.user(group))
    assert client.get(reverse("import")).status_code == 403
    assert client.post(reverse("import"), {"files": SimpleUploadedFile("a.csv", b"x")}).status_code == 403
    assert client.get(reverse("import-job", args=[job.pk])).status_code == 403
    assert client.get(reverse("import-errors", args=[job.pk])).status_code == 403
    assert client.post(reverse("import-commit", args=[job.pk]), {"plan": job.plan_digest}).status_code == 403
    assert client.post(reverse("import-discard", args=[job.pk])).status_code == 403
    job.refresh_from_db()
    assert job.state == ImportState.CHECKED


def test_strangers_are_sent_to_sign_in(client):
    answer = client.get(reverse("import"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("login"))


def test_the_pages_take_the_same_number_of_queries_whatever_the_size(foi, django_assert_max_num_queries):
    first = choose(foi, small())
    for _ in range(4):
        last = choose(foi, demo())
    for address in (reverse("import"), first.get_absolute_url(), last.get_absolute_url()):
        with django_assert_max_num_queries(6):
            foi.get(address)
