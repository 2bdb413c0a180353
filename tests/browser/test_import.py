"""An import in the browser: faults, the dry run, the bar while a worker is at it, the result."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from playwright.sync_api import FilePayload, expect

from foi_portal.core import nudging
from registry.importing import jobs
from registry.models import ImportJob, System
from tests.browser.conftest import Visit

WRONG = "code,name,leverandor,criticality\nCURA,Cura,SYSTEMATIC,7\n"
RIGHT = "code,name,criticality\nCURA,Cura (ny udgave),3\n"


@pytest.fixture(autouse=True)
def _workers_are_slow(settings, monkeypatch):
    """No message reaches a worker: the test itself is the worker, when it says so."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(nudging, "nudge", lambda task, *args: None)


def spreadsheet(text: str) -> FilePayload:
    return {"name": "systems.csv", "mimeType": "text/csv", "buffer": text.encode()}


def a_worker_comes_by() -> None:
    for job in ImportJob.objects.waiting():
        jobs.run(job.pk)


@pytest.mark.parametrize(("width", "script"), [(1280, True), (360, True), (1280, False)])
def test_from_a_spreadsheet_with_faults_to_a_change_set(visit: Visit, width: int, script: bool):
    foi = visit("foi", width, script=script)
    page = foi.goto("/import/")

    def choose(text: str) -> None:
        page.goto("/import/")
        page.get_by_label("Filer", exact=True).set_input_files(spreadsheet(text))
        page.get_by_role("button", name="Kontrollér filerne").click()
        expect(page.get_by_role("progressbar")).to_be_visible()

    def done() -> None:
        a_worker_comes_by()
        if not script:
            page.get_by_role("link", name="Opdatér").click()

    choose(WRONG)
    if script:
        foi.audit("kontrolleres")
    done()
    expect(page.get_by_role("heading", name="2 fejl, og intet er indlæst")).to_be_visible()
    expect(page.locator("#import-problems")).to_contain_text("Mente du «vendor_code»?")
    if script:
        foi.audit("fejl")

    choose(RIGHT)
    done()
    expect(page.get_by_role("heading", name="1 række vil blive oprettet eller ændret")).to_be_visible()
    expect(page.get_by_role("cell", name="Cura (ny udgave)")).to_be_visible()
    if script:
        foi.audit("prøvekørsel")
    page.get_by_label("Begrundelse").fill("Ny udgave i drift")
    page.get_by_role("button", name="Gennemfør import").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert System.objects.get(code="CURA").name == "Cura"

    # Close the window, let a worker do it, and come back: the import did not need us.
    address = page.url
    page.goto("/")
    a_worker_comes_by()
    page.goto(address)
    expect(page.get_by_role("heading", name="Importen er gennemført")).to_be_visible()
    if script:
        foi.audit("gennemført")
    page.get_by_role("link", name="Se ændringerne i historikken").click()
    expect(page.get_by_role("main")).to_contain_text("Ny udgave i drift")
    assert System.objects.get(code="CURA").name == "Cura (ny udgave)"


def test_the_bar_moves_while_a_worker_is_at_it(visit: Visit):
    foi = visit("foi")
    page = foi.goto("/import/")
    page.get_by_label("Filer", exact=True).set_input_files(spreadsheet(RIGHT))
    page.get_by_role("button", name="Kontrollér filerne").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    job = ImportJob.objects.get()
    for done in (1_000, 40_000):
        cache.set(jobs._progress_key(job.pk), {"text": "Læser", "done": done, "total": 50_000})
        expect(page.get_by_role("progressbar")).to_have_attribute("value", str(done))
