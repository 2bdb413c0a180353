"""/oprydning/: numbers that are lists, acts on what was seen, panels, exports, the button, the empty portal."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from coordination.hygiene import KINDS, deeds, due, running
from coordination.hygiene.checking import check
from coordination.hygiene.tables import FINDING_COLUMNS
from coordination.models import Finding
from foi_portal.core import history, jobs, nudging
from foi_portal.core.models import Change, ScheduledJob
from foi_portal.core.permissions import FOI, READER, RESPONSIBLE
from roles.models import Role
from tests import factories

pytestmark = pytest.mark.django_db

# People's spreadsheets and scripts lean on these: keep them.
MACHINE_NAMES = (
    "text kind asset_code owner due_on state department_code agreement certificate owner_email found_at closed_at"
    " accepted_until accepted_reason"
)
TODAY = timezone.localdate()
LATER = TODAY + datetime.timedelta(days=30)


@pytest.fixture
def inline(settings: Any) -> None:
    """No workers, also where there is a Redis."""
    settings.CELERY_TASK_ALWAYS_EAGER = True


def finding(**values: Any) -> Finding:
    """An open finding about a new system, due in a month."""
    asset = values.pop("asset", None) or factories.system()
    defaults = {
        "kind": "system_without_responsible",
        "key": str(asset.pk),
        "text": f"{asset} har ingen systemansvarlig.",
        "asset": asset,
        "due_on": LATER,
    }
    return Finding.objects.create(**defaults | values)


def accepted(**values: Any) -> Finding:
    until = {"accepted_until": LATER, "accepted_reason": "Aftalt", "accepted_by": factories.user()}
    return finding(**until | values)


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


def shown(client: Client, query: str = "") -> list[str]:
    """The texts of a list's rows, by its export, which has exactly the rows of the page."""
    address = reverse("finding-list")
    page = client.get(f"{address}?{query}")
    assert page.status_code == 200
    answer = client.get(f"{address}?{query}&_export=csv&sort=text")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert page.context["page"].paginator.count == len(rows)
    return [row["text"] for row in rows]


class TestList:
    def test_what_waits_is_shown_and_the_rest_is_asked_for(self, foi: Client):
        finding(text="Åben")
        accepted(text="Accepteret")
        accepted(text="Ikke længere", accepted_until=TODAY)
        finding(text="Lukket", closed_at=timezone.now())
        assert shown(foi) == ["Ikke længere", "Åben"]
        assert shown(foi, "state=accepted") == ["Accepteret"]
        assert shown(foi, "state=closed") == ["Lukket"]
        assert len(shown(foi, "state=all")) == 4

    def test_filters(self, foi: Client):
        department = factories.organisation(code="SOC", kind="forvaltning")
        person = factories.person(name="Lone Friis")
        ky = factories.system(code="KY", department=department)
        finding(asset=ky, text="KY", owner=person, due_on=TODAY - datetime.timedelta(days=1))
        finding(text="Andet", kind="system_unconfirmed")
        for query in (
            "asset=KY",
            "department=SOC",
            f"owner={person.pk}",
            "owner=Lone Friis",
            "overdue=1",
            "q=ky",
            "kind=system_without_responsible",
        ):
            assert shown(foi, query) == ["KY"], query
        assert shown(foi, "owner=-") == shown(foi, "owner=FOI") == ["Andet"]
        assert shown(foi, "owner=ingen@example.org") == []

    def test_what_is_about_a_thing_may_be_so_by_way_of_another(self, foi: Client):
        ky, sp = factories.system(code="KY"), factories.component(code="SP")
        row = factories.dependency(source=ky, target=sp)
        certificate = factories.certificate(assets=[ky])
        agreement = factories.agreement(assets=[sp])
        finding(asset=ky, dependency=row, key="1", text="afhængighed")
        finding(asset=None, certificate=certificate, key="2", text="certifikat")
        finding(asset=None, agreement=agreement, key="3", text="aftale")
        finding(key="4")
        Finding.objects.exclude(key__in=("1", "4")).update(asset=None)
        assert list(Finding.objects.about([ky.pk]).order_by("key").values_list("key", flat=True)) == [
            "1",
            "2",
        ]
        assert list(Finding.objects.about([sp.pk]).order_by("key").values_list("key", flat=True)) == [
            "1",
            "3",
        ]

    def test_the_numbers_are_lists_with_that_many_rows(self, foi: Client):
        for number in range(3):
            finding(due_on=TODAY - datetime.timedelta(days=number))
        accepted()
        finding(kind="system_unconfirmed")
        context = foi.get(reverse("finding-list")).context
        assert [(tile.count, tile.overdue) for tile in context["tiles"]] == [(3, 2), (1, 0)]
        for tile in context["tiles"]:
            assert len(shown(foi, tile.url.split("?")[1])) == tile.count
            assert len(shown(foi, tile.overdue_url.split("?")[1])) == tile.overdue
        totals = context["totals"]
        for count, url in (
            (totals.overdue, context["overdue_url"]),
            (totals.accepted, context["accepted_url"]),
            (0, context["closed_url"]),
        ):
            assert len(shown(foi, url.split("?")[1])) == count
        assert totals.waiting == len(shown(foi)) == 4

    @pytest.mark.parametrize("export", ["csv", "xlsx"])
    def test_exports_have_machine_columns(self, foi: Client, export: str):
        ky = factories.system(code="KY", department=factories.organisation(code="SOC"))
        accepted(asset=ky, text="=KY", owner=factories.person(name="Lone Friis", email="lone@example.org"))
        columns = [column.name for column in FINDING_COLUMNS]
        query = "&".join(f"col={column}" for column in columns)
        answer = foi.get(f"{reverse('finding-list')}?state=accepted&{query}&_export={export}")
        data = answer.getvalue()
        if export == "csv":
            names, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        else:
            names, row = (list(cells) for cells in load_workbook(io.BytesIO(data)).active.values)
        assert names == MACHINE_NAMES.split()
        told = dict(zip(names, row, strict=True))
        assert {name: told[name] for name in ("text", "kind", "asset_code", "owner", "due_on", "state")} == {
            "text": "'=KY",
            "kind": "system_without_responsible",
            "asset_code": "KY",
            "owner": "Lone Friis",
            "due_on": LATER.isoformat(),
            "state": "accepted",
        }
        assert (told["department_code"], told["owner_email"]) == ("SOC", "lone@example.org")
        assert (told["accepted_until"], told["accepted_reason"]) == (LATER.isoformat(), "Aftalt")

    def test_an_empty_portal_says_what_to_do(self, foi: Client, inline: None):
        page = foi.get(reverse("finding-list")).content.decode()
        assert "Oplysningerne er ikke gennemgået endnu" in page
        assert "Tryk på «Kør gennemgangen nu»" in page
        assert "Tryk på" not in factories.client(READER).get(reverse("finding-list")).content.decode()
        foi.post(reverse("finding-run"))
        assert "Alt er i orden" in foi.get(reverse("finding-list")).content.decode()


class TestDetail:
    def test_it_says_what_why_how_and_where(self, foi: Client):
        ky = factories.system(name="KY", code="KY")
        row = finding(asset=ky, owner=factories.person(name="Lone Friis"))
        page = foi.get(row.get_absolute_url()).content.decode()
        kind = next(kind for kind in KINDS if kind.kind == row.kind)
        for text in (row.text, kind.label, kind.why, kind.advice, "Lone Friis", "om 30 dage"):
            assert text in page
        assert f'href="{ky.get_absolute_url()}"' in page
        assert f"{reverse('assignment-create')}?role=SYSTEMANSV&amp;asset=KY&amp;part=holder" in page

    def test_who_may_not_is_not_offered_it(self):
        row = accepted()
        page = factories.client(READER).get(row.get_absolute_url()).content.decode()
        assert reverse("assignment-create") not in page
        assert "Tag accepten tilbage" not in page
        assert "Du kan ikke selv rette det" in page

    def test_the_systemansvarlig_is_sent_to_the_own_system(self):
        client = factories.client(RESPONSIBLE)
        person = factories.person(user=client.user)  # type: ignore[attr-defined]
        ky = factories.system(code="KY")
        factories.assignment(person=person, role=factories.role(code="SYSTEMANSV"), asset=ky)
        row = finding(asset=ky, kind="system_unconfirmed")
        assert (
            f'href="{reverse("asset-confirm", args=["KY"])}"'
            in client.get(row.get_absolute_url()).content.decode()
        )

    def test_the_old_stay_readable(self, foi: Client):
        row = finding(closed_at=timezone.now())
        again = finding(asset=row.asset)
        page = foi.get(row.get_absolute_url()).content.decode()
        assert "Bragt i orden" in page
        assert f'href="{again.get_absolute_url()}"' in page
        assert "Sådan bringes det i orden" not in page

    def test_one_of_a_kind_that_is_no_more_is_readable(self, foi: Client):
        row = finding(kind="gone", closed_at=timezone.now())
        assert foi.get(row.get_absolute_url()).status_code == 200
        assert shown(foi, "state=closed") == [row.text]


class TestAccept:
    def post(self, client: Client, row: Finding, **values: Any) -> Any:
        until = (TODAY + datetime.timedelta(days=60)).strftime("%d-%m-%Y")
        data = {"version": row.version, "until": until, "reason": "Lukker til sommer"}
        return client.post(reverse("finding-accept", args=[row.pk]), data | values)

    def test_it_rests_and_the_history_says_why(self, foi: Client):
        row = finding()
        assert self.post(foi, row).status_code == 302
        row.refresh_from_db()
        assert row.accepted_reason == "Lukker til sommer"
        assert row.accepted_by == foi.user  # type: ignore[attr-defined]
        change = history.changes_of(row)[0]
        assert (change.actor, change.reason) == (foi.user, "Lukker til sommer")  # type: ignore[attr-defined]
        assert shown(foi) == []
        assert row.text in foi.get(reverse("finding-history", args=[row.pk])).content.decode()

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"reason": " "}, "Fordi"),
            ({"reason": "x" * 501}, "Fordi"),
            ({"until": ""}, "Accepteret til"),
            ({"until": TODAY.strftime("%d-%m-%Y")}, "Datoen skal ligge efter i dag"),
            ({"until": "01-01-1899"}, "Årstallet skal ligge mellem"),
            (
                {"until": (deeds.last_day(TODAY) + datetime.timedelta(days=1)).strftime("%d-%m-%Y")},
                "Vælg en dato senest",
            ),
        ],
    )
    def test_what_is_wrong_is_said(self, foi: Client, values: dict[str, Any], message: str):
        row = finding()
        answer = self.post(foi, row, **values)
        assert answer.status_code == 422
        assert message in answer.content.decode()
        row.refresh_from_db()
        assert row.accepted_until is None

    def test_two_years_are_the_most(self, foi: Client):
        assert deeds.last_day(datetime.date(2028, 2, 29)) == datetime.date(2030, 2, 28)
        row = finding()
        assert self.post(foi, row, until=deeds.last_day(TODAY).strftime("%d-%m-%Y")).status_code == 302

    def test_what_has_changed_since_is_refused(self, foi: Client):
        row = finding()
        Finding.objects.update(text="Noget andet")
        answer = self.post(foi, row)
        assert (answer.status_code, Finding.objects.get().accepted_until) == (409, None)
        assert "Nogen har ændret det imens" in answer.content.decode()

    def test_what_was_put_right_since_is_refused(self, foi: Client):
        row = finding()
        Finding.objects.update(closed_at=timezone.now())
        answer = self.post(foi, row)
        assert answer.status_code == 409
        assert "Det er bragt i orden imens" in answer.content.decode()

    def test_it_can_be_taken_back(self, foi: Client):
        row = accepted()
        answer = foi.post(reverse("finding-take-back", args=[row.pk]), {"version": row.version})
        assert answer.status_code == 302
        row.refresh_from_db()
        assert (row.accepted_until, row.accepted_reason, row.accepted_by) == (None, "", None)
        assert foi.post(reverse("finding-take-back", args=[row.pk]), {"version": 1}).status_code == 409


class TestOwner:
    def post(self, client: Client, row: Finding, owner: str) -> Any:
        data = {"version": row.version, "owner": owner}
        return client.post(reverse("finding-owner", args=[row.pk]), data)

    def test_foi_chooses_and_leaves_it_to_the_roles_again(self, foi: Client):
        ky = factories.system()
        holder, chosen = factories.person(), factories.person(name="Valgt Person")
        factories.assignment(person=holder, role=factories.role(code="SYSTEMANSV"), asset=ky)
        row = finding(asset=ky, kind="system_unconfirmed")
        assert self.post(foi, row, "Valgt Person").status_code == 302
        row.refresh_from_db()
        assert (row.owner, row.owner_chosen) == (chosen, True)
        assert self.post(foi, row, "").status_code == 302
        row.refresh_from_db()
        assert (row.owner, row.owner_chosen) == (holder, False)

    @pytest.mark.parametrize("owner", ["Ingen Kender", "Fratrådt Person"])
    def test_somebody_who_is_not_here_is_refused(self, foi: Client, owner: str):
        factories.person(name="Fratrådt Person", active_to=TODAY)
        assert self.post(foi, finding(), owner).status_code == 422
        row, gone, actor = Finding.objects.get(), factories.person(active_to=TODAY), factories.user()
        with pytest.raises(deeds.Refused):
            deeds.choose_owner({row.pk: 1}, owner=gone, actor=actor, on=TODAY)


class TestBulk:
    def start(self, client: Client, **values: Any) -> Any:
        return client.post(reverse("finding-bulk"), {"filter": "", "scope": "all", "count": "3"} | values)

    def test_all_in_the_filter_are_accepted_in_one_act(self, foi: Client):
        rows = [finding() for _ in range(3)]
        other = finding(kind="system_unconfirmed")
        page = self.start(foi, filter="kind=system_without_responsible")
        assert "Ret 3 punkter" in page.content.decode()
        finding()  # found since: it was not shown
        until = LATER.strftime("%d-%m-%Y")
        data = {
            "token": page.context["token"],
            "act": "accept",
            "accept-until": until,
            "accept-reason": "Aftalt",
        }
        assert foi.post(reverse("finding-bulk"), data).status_code == 302
        assert set(Finding.objects.accepted(TODAY)) == set(rows)
        assert Finding.objects.get(pk=other.pk).accepted_until is None
        acts = Change.objects.filter(table="coordination_finding", operation="update")
        assert acts.values_list("change_set", "kind").distinct().get()[1] == "bulk"

    def test_the_picked_get_an_owner(self, foi: Client):
        rows = [finding() for _ in range(2)]
        factories.person(name="Lone Friis")
        page = self.start(foi, scope="picked", pk=[rows[0].pk])
        data = {"token": page.context["token"], "act": "owner", "owner-owner": "Lone Friis"}
        assert foi.post(reverse("finding-bulk"), data).status_code == 302
        assert list(Finding.objects.filter(owner__name="Lone Friis", owner_chosen=True)) == rows[:1]

    def test_with_one_changed_since_none_is_written(self, foi: Client):
        rows = [finding() for _ in range(2)]
        token = self.start(foi).context["token"]
        Finding.objects.filter(pk=rows[0].pk).update(closed_at=timezone.now())
        data = {
            "token": token,
            "act": "accept",
            "accept-until": LATER.strftime("%d-%m-%Y"),
            "accept-reason": "x",
        }
        answer = foi.post(reverse("finding-bulk"), data)
        assert answer.status_code == 409
        assert "1 af dem er bragt i orden imens" in answer.content.decode()
        assert Finding.objects.accepted(TODAY).count() == 0

    def test_faults_are_said_and_what_was_typed_stays(self, foi: Client):
        finding()
        token = self.start(foi).context["token"]
        answer = foi.post(
            reverse("finding-bulk"), {"token": token, "act": "accept", "accept-reason": "Typet"}
        )
        assert answer.status_code == 422
        assert "Typet" in answer.content.decode()

    def test_another_users_selection_is_refused(self, foi: Client):
        finding()
        token = self.start(foi).context["token"]
        answer = factories.client(FOI).post(reverse("finding-bulk"), {"token": token, "act": "accept"})
        assert answer.status_code == 400


class TestPanels:
    def test_an_assets_page_has_what_is_to_be_put_right(self, foi: Client):
        ky = factories.system(code="KY")
        assert 'id="oprydning"' not in foi.get(ky.get_absolute_url()).content.decode()
        for number in range(7):
            finding(asset=ky, key=f"x{number}", text=f"Punkt {number}")
        page = foi.get(ky.get_absolute_url()).content.decode()
        assert 'id="oprydning"' in page
        assert "Punkt 4" in page
        assert "Punkt 5" not in page
        assert 'href="/oprydning/?asset=KY">Alle 7</a>' in page
        assert len(shown(foi, "asset=KY")) == 7

    def test_who_confirms_a_system_sees_it_too(self, foi: Client):
        row = finding(asset=factories.system(code="KY"))
        page = foi.get(reverse("asset-confirm", args=["KY"])).content.decode()
        assert row.text in page

    def test_the_front_page_has_numbers_for_foi(self, foi: Client):
        finding()
        page = foi.get(reverse("front")).content.decode()
        assert 'href="/oprydning/?kind=system_without_responsible"' in page

    def test_the_front_page_has_the_own_ones_for_who_answers(self):
        client = factories.client(RESPONSIBLE)
        person = factories.person(user=client.user)  # type: ignore[attr-defined]
        ky = factories.system()
        factories.assignment(person=person, role=factories.role(code="SYSTEMANSV"), asset=ky)
        row, other = finding(asset=ky, owner=person), finding()
        page = client.get(reverse("front")).content.decode()
        assert row.text in page
        assert other.text not in page
        assert f'href="/oprydning/?owner={person.pk}">1 punkt</a>' in page


class TestRun:
    def test_without_workers_it_runs_while_one_waits(self, foi: Client, inline: None):
        factories.system()
        answer = foi.post(reverse("finding-run"), follow=True)
        assert answer.redirect_chain[-1][0] == reverse("finding-list")
        assert "Gennemgangen er færdig: 2 nye, 0 bragt i orden, 2 åbne." in answer.content.decode()
        assert foi.post(reverse("finding-run"), follow=True).status_code == 200

    def test_one_that_fails_says_so(self, foi: Client, inline: None, monkeypatch: pytest.MonkeyPatch):
        def fails(**_: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(running, "check", fails)
        answer = foi.post(reverse("finding-run"), follow=True)
        assert "Gennemgangen fejlede" in answer.content.decode()

    def test_with_workers_it_is_asked_for_and_its_progress_shown(
        self, foi: Client, monkeypatch: pytest.MonkeyPatch
    ):
        asked: list[Any] = []
        monkeypatch.setattr(nudging, "nudge", lambda task, *args: asked.append((task.name, args)))
        monkeypatch.setattr(settings, "CELERY_TASK_ALWAYS_EAGER", False)
        answer = foi.post(reverse("finding-run"), follow=True)
        assert asked == [("foi_portal.core.tasks.run_job", ("hygiene",))]
        assert "Venter på at gå i gang" in answer.content.decode()
        now = timezone.now()
        ScheduledJob.objects.filter(name=running.JOB).update(started_at=now, due_at=now + jobs.LIMIT)
        running._show("Aftale uden hjemmel", 2, 9)
        page = foi.get(reverse("finding-run"), headers={"HX-Request": "true"}).content.decode()
        assert "<h1" not in page
        assert 'max="9" value="2"' in page
        assert 'hx-trigger="every 1s"' in page
        monkeypatch.undo()
        jobs.make_due(now)
        ScheduledJob.objects.filter(name=running.JOB).update(started_at=None, due_at=now)
        jobs.run(running.JOB, now)
        assert (
            "hx-get" not in foi.get(reverse("finding-run"), headers={"HX-Request": "true"}).content.decode()
        )


def test_they_are_among_the_deadlines_while_they_wait():
    person = factories.person()
    row = finding(owner=person)
    accepted()
    finding(due_on=LATER + datetime.timedelta(days=1))
    found = list(due.load(TODAY, LATER))
    assert [(one.key, one.on, one.title) for one in found] == [
        (f"finding/{row.kind}-{person.pk}/{LATER.isoformat()}", LATER, row.text)
    ]
    assert (found[0].people, found[0].assets) == ((person.pk,), (row.asset_id,))


def test_many_of_a_kind_are_one_deadline_that_leads_to_just_them(foi: Client):
    person = factories.person()
    rows = [finding(owner=person), finding(owner=person)]
    nobodys = [finding(), finding(), finding()]
    found = {one.people: one for one in due.load(TODAY, LATER)}
    assert {people: one.title.rpartition(": ")[2] for people, one in found.items()} == {
        (person.pk,): "2 fund",
        (): "3 fund",
    }
    assert set(found[(person.pk,)].assets) == {row.asset_id for row in rows}
    for people, many in (((person.pk,), rows), ((), nobodys)):
        page = foi.get(found[people].url)
        assert set(page.context["page"].object_list) == {row.pk for row in many}


@pytest.mark.parametrize("kind", [kind.kind for kind in KINDS])
def test_each_kind_leads_to_where_it_is_put_right(foi: Client, kind: str):
    from tests.coordination.test_hygiene_kinds import CASES  # one of each kind

    CASES[kind][0]()
    Role.objects.get_or_create(
        code="SYSTEMANSV", defaults={"name": "Systemansvarlig", "level": "operational"}
    )
    check(now=timezone.now())
    row = Finding.objects.get(kind=kind)
    page = foi.get(row.get_absolute_url())
    assert page.context["acts"], "there is something to do"
    for act in page.context["acts"]:
        assert foi.get(act.url).status_code == 200, act.url
    assert foi.get(row.asset.get_absolute_url() if row.asset else reverse("finding-list")).status_code == 200
