"""The new files through ``/import/``, back from the lists' own exports, and undone."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from foi_portal.core.history import undo
from foi_portal.core.models import Change
from foi_portal.core.permissions import FOI, sync_groups
from registry.importing import SourceFile
from registry.models import ImportJob, ImportState
from roles.models import Assignment, EditionState, Person, RoleEdition
from roles.tables.assignments import ASSIGNMENT_COLUMNS
from roles.tables.people import PERSON_COLUMNS
from tests import factories
from tests.registry.importing import apply, counts, plan, told
from tests.roles.importing import ROLES, files, only

pytestmark = pytest.mark.django_db


@pytest.fixture
def foi(client, settings, django_capture_on_commit_callbacks):
    """A browser whose imports are done in the request; everything is loaded."""
    settings.CELERY_TASK_ALWAYS_EAGER = True
    sync_groups()
    factories.user(username="karin")
    apply(files())
    client.force_login(factories.user(FOI))
    plain_post = client.post

    def post(*args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return plain_post(*args, **kwargs)

    client.post = post
    return client


def choose(browser, sources: list[SourceFile]) -> ImportJob:
    uploads = [SimpleUploadedFile(file.name, file.content) for file in sources]
    answer = browser.post(reverse("import"), {"files": uploads})
    return ImportJob.objects.get(pk=answer.url.rstrip("/").rsplit("/", 1)[-1])


def carry_out(browser, job: ImportJob) -> ImportJob:
    browser.post(reverse("import-commit", args=[job.pk]), {"plan": job.plan_digest})
    job.refresh_from_db()
    return job


def test_a_change_is_shown_carried_out_and_undone(foi):
    row = "SYSTEMANSV,karin@example.org,CURA,2024,2027-01-01\n"
    job = choose(foi, only(assignments="role_code,person_email,scope_code,since,until\n" + row))
    assert job.state == ImportState.CHECKED
    page = foi.get(job.get_absolute_url()).content.decode()
    assert "SYSTEMANSV → karin@example.org → CURA" in page
    assert "<ins>01-01-2027</ins>" in page
    assert Assignment.objects.filter(until__year=2027, role__code="SYSTEMANSV").count() == 0
    job = carry_out(foi, job)
    assert job.state == ImportState.APPLIED
    assert Assignment.objects.filter(until__year=2027, role__code="SYSTEMANSV").count() == 1
    assert job.change_set
    assert job.accepted_by
    undo(job.change_set, job.accepted_by)
    assert Assignment.objects.filter(until__year=2027, role__code="SYSTEMANSV").count() == 0


def test_a_catalogue_that_differs_is_laid_beside_the_one_in_use_and_the_page_says_where(foi):
    job = choose(foi, only(roles=ROLES.replace(",1,yes,", ",2,yes,")))
    page = foi.get(job.get_absolute_url()).content.decode()
    assert "Rollekatalog: ændrede" in page
    assert "Roller › Udgaver (/roller/udgaver/)" in page
    job = carry_out(foi, job)
    assert "Roller › Udgaver (/roller/udgaver/)" in foi.get(job.get_absolute_url()).content.decode()
    prepared = RoleEdition.objects.get(state=EditionState.PREPARED)
    written = Change.objects.get(table="roles_roleedition", row_id=prepared.pk)
    assert (written.actor, written.change_set) == (job.accepted_by, job.change_set)


def test_faults_are_a_list_on_the_page_and_nothing_goes_in(foi):
    bad = "role_code,person_email,scope_code,part,since\nSYSTEMANSV,karen@example.org,CURA,holder,2026\n"
    job = choose(foi, only(assignments=bad))
    assert job.state == ImportState.REJECTED
    page = foi.get(job.get_absolute_url()).content.decode()
    assert "E-mailadressen kendes ikke. Mente du «karin@example.org»?" in page
    assert Assignment.objects.count() == 5


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("page", "columns", "name", "expected"),
    [
        ("person-list", PERSON_COLUMNS, "personer", {"people": (0, 0, 3)}),
        ("assignment-list", ASSIGNMENT_COLUMNS, "tildelinger", {"assignments": (0, 0, 5)}),
    ],
)
def test_a_list_with_all_columns_goes_in_again_unchanged(foi, page, columns, name, expected, kind):
    Person.objects.filter(name="Jonas Birk").update(title="=1+1")
    Assignment.objects.filter(part="deputy").update(note="+ se mappen")
    query = {"col": [column.name for column in columns], "_export": kind, "vis": "alle"}
    answer = foi.get(reverse(page), query)
    found = plan([SourceFile(f"{name}.{kind}", b"".join(answer.streaming_content))])
    assert told(found) == []
    assert counts(found) == expected
