"""Amounts stay with those who may see them: pages, exports, search, history, administration; and nothing is undone."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from budgets import approving
from budgets.approving import APPROVE, SUBMIT
from budgets.models import (
    Actual,
    ActualImport,
    Adjustment,
    AdjustmentEntry,
    Assumption,
    AssumptionValue,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    ColumnMapping,
    Estimate,
    Forecast,
    ForecastRound,
    Gain,
    Price,
    PriceModel,
    SharePart,
    Sharing,
    YearDecision,
    YearVisit,
)
from foi_portal.core import history
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from registry.models import Asset, Component, System
from tests import factories
from tests.access.rules import NOBODYS
from tests.budgets import rows
from tests.test_access import OWN, RULES, address, world  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

AMOUNT = Decimal("7654321.09")
SECRET = "Hemmelig kredit"
# The amount as a page, a CSV or a workbook writes it, and the words beside it.
LEAK = re.compile(rf"7[.,\s\u00a0]?654[.,\s\u00a0]?321|{SECRET}")
WITHOUT = (READER, RESPONSIBLE, NOBODYS)
BUDGETS = [model for model in apps.get_app_config("budgets").get_models() if model is not YearVisit]


@pytest.fixture
def secrets(world: dict[str, Any]) -> dict[type[models.Model], models.Model]:  # noqa: F811
    """A row of every kind of the budgets, changed once, about a component that the reader's own system uses."""
    by, organisation = factories.user(), factories.organisation(code="HEM")
    component = Asset.objects.get(code="SP")
    with history.recording(actor=by, reason=SECRET):
        year = rows.year(2026, note=SECRET)
        people = Assumption.objects.create(code="HEM", name=SECRET, unit="kr")
        model = PriceModel.objects.create(code="HEM", name=SECRET, kind="user", assumption=people)
        line = BudgetLine.objects.create(
            year=year,
            component=component,
            cost_type="licence",
            original=1,
            note=SECRET,
            price_model=model,
            calculation=f"1 × {SECRET}",
            explanation=SECRET,
            explained=AMOUNT,
        )
        adjustment = rows.adjustment(year, {line: 1})
        follow_up = ForecastRound.objects.create(year=year, name=SECRET, actuals_to="2026-10-31")
        batch = ActualImport.objects.create(
            year=year, file_name=SECRET, digest="x", by=by, at=timezone.now(), added=1
        )
        sharing = Sharing.objects.create(year=year, component=component, key="percent", note=SECRET)
        made: list[models.Model] = [
            year,
            people,
            model,
            line,
            adjustment,
            adjustment.entries.get(),
            follow_up,
            batch,
            sharing,
            YearDecision.objects.create(year=year, kind="submit", by=by, at=timezone.now(), note=SECRET),
            Estimate.objects.create(line=line, ahead=1, amount=1),
            Actual.objects.create(year=year, line=line, month=1, amount=1, text=SECRET, batch=batch, key="x"),
            ColumnMapping.objects.create(name=SECRET, headers="x", columns={"amount": SECRET}),
            Forecast.objects.create(round=follow_up, line=line, amount=1),
            SharePart.objects.create(sharing=sharing, organisation=organisation, weight=1),
            Price.objects.create(model=model, since=2020, steps=[["0", "7654321.09"]], source=SECRET),
            AssumptionValue.objects.create(assumption=people, year=2026, value=1, source=SECRET),
            Gain.objects.create(
                asset=component, kind="better_data", text=SECRET, yearly=AMOUNT, from_year=2026
            ),
        ]
    made.append(BudgetResponsibility.objects.create(component=component, action="Afklares"))
    with history.recording(actor=by, reason=SECRET):
        for kind, name in (
            (BudgetLine, "original"),
            (Estimate, "amount"),
            (Actual, "amount"),
            (Forecast, "amount"),
            (AdjustmentEntry, "amount"),
            (SharePart, "weight"),
            (AssumptionValue, "value"),
        ):
            kind._default_manager.update(**{name: AMOUNT})
        Adjustment.objects.update(reason=SECRET)
    return {type(row): row for row in made}


def browser(kind: str) -> Client:
    """Somebody of the group whose own system CURA uses the component SP."""
    client = factories.client(None if kind == NOBODYS else kind)
    if kind == RESPONSIBLE:
        person = factories.person(user=client.user)  # type: ignore[attr-defined]
        role = factories.role(code="SYSTEMANSV", name="Systemansvarlig")
        factories.assignment(person=person, role=role, asset=System.objects.get(code="CURA"))
    return client


def content(answer: Any) -> str:
    """All that an answer says, unpacked when it is a workbook."""
    raw: bytes = answer.getvalue()
    if raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            raw = b"\n".join(book.read(name) for name in book.namelist())
    return raw.decode("utf-8", "replace")


def test_every_kind_of_row_is_in_the_test(secrets: dict[type[models.Model], models.Model]):
    assert set(secrets) == set(BUDGETS)


class TestAmountsAreNotSeen:
    @pytest.mark.parametrize("kind", WITHOUT)
    def test_on_any_page_or_in_any_export(self, secrets: Any, world: dict[str, Any], kind: str):  # noqa: F811
        client = browser(kind)
        seen = 0
        for name in OWN:
            if RULES[name].get is None:
                continue
            url = address(name, world)
            for query in ("", "?_export=csv", "?_export=xlsx"):
                answer = client.get(url + query)
                assert not LEAK.search(content(answer)), f"{kind} {url}{query}"
                if answer.status_code != 200:
                    break
                seen += 1
        assert seen > (1 if kind == NOBODYS else 60)

    @pytest.mark.parametrize("kind", WITHOUT)
    def test_on_the_budgets_own_pages(self, secrets: Any, kind: str):
        client = browser(kind)
        line = secrets[BudgetLine]
        for url in (
            "/budget/",
            "/budget/ny/",
            "/budget/2026/",
            "/budget/2026/SP/",
            "/budget/2026/historik/",
            "/budget/2026/linjer/",
            "/budget/2026/linjer/?_export=csv",
            f"/budget/2026/linjer/{line.pk}/ret/",
            f"/budget/2026/linjer/{line.pk}/historik/",
            "/budget/2026/forbrug/",
            "/budget/2026/godkend/",
        ):
            answer = client.get(url)
            assert not LEAK.search(content(answer)), url
            assert answer.status_code == 403 or url == "/budget/2026/SP/", url

    @pytest.mark.parametrize("kind", WITHOUT)
    @pytest.mark.parametrize("typed", ["7654321", "7.654.321,09", SECRET, "SP", "HEM"])
    def test_by_searching(self, secrets: Any, kind: str, typed: str):
        client = browser(kind)
        for url in ("/soeg/", "/opslag/", "/opslag/organisationer/", "/komponenter/", "/fagsystemer/"):
            answer = client.get(url, {"q": typed})
            found = content(answer)
            if LEAK.search(typed):  # what was typed stands in the search field and in links
                for echo in (typed, quote(typed), quote_plus(typed)):
                    found = found.replace(echo, "")
            assert not LEAK.search(found), url

    @pytest.mark.parametrize("kind", WITHOUT)
    def test_in_the_history(self, secrets: Any, kind: str):
        client = browser(kind)
        for model in BUDGETS:
            answer = client.get("/historik/", {"hvad": model._meta.db_table})
            assert not LEAK.search(content(answer)), model
        tables = [model._meta.db_table for model in BUDGETS]
        for change_set in set(Change.objects.filter(table__in=tables).values_list("change_set", flat=True)):
            answer = client.get(reverse("changeset", args=[change_set]))
            if kind != RESPONSIBLE:  # who sees whose budget it is, but no amounts
                assert answer.status_code == 404
            shown = content(answer).replace(SECRET, "", 1)  # the act's own reason
            assert not LEAK.search(shown)

    @pytest.mark.parametrize("kind", WITHOUT)
    def test_in_the_administration(self, secrets: Any, kind: str):
        client = browser(kind)
        User.objects.filter(pk=client.user.pk).update(is_staff=True)  # type: ignore[attr-defined]
        for model, row in secrets.items():
            name = f"admin:budgets_{model._meta.model_name}"
            allowed = kind == RESPONSIBLE and model is BudgetResponsibility  # no amounts there
            for url in (
                reverse(f"{name}_changelist"),
                reverse(f"{name}_changelist") + "?q=Afklares",
                reverse(f"{name}_change", args=[row.pk]),
                reverse(f"{name}_history", args=[row.pk]),
            ):
                answer = client.get(url)
                assert answer.status_code == (200 if allowed else 403), url
                assert not LEAK.search(content(answer)), url

    @pytest.mark.parametrize("kind", [FOI, MANAGER, ADMINISTRATOR])
    def test_but_are_by_those_who_may(self, secrets: Any, kind: str):
        """Else the tests above would prove nothing."""
        client = browser(kind)
        line = secrets[BudgetLine]
        for url in (
            "/budget/2026/",
            "/budget/2026/linjer/",
            "/budget/2026/linjer/?_export=csv",
            "/budget/2026/linjer/?_export=xlsx",
            f"/budget/2026/linjer/{line.pk}/historik/",
            "/historik/?hvad=budgets_budgetline",
        ):
            assert LEAK.search(content(client.get(url))), url


class TestAdministration:
    @pytest.mark.parametrize("kind", [FOI, ADMINISTRATOR, MANAGER])
    def test_shows_every_kind_of_row_and_changes_none(self, secrets: Any, kind: str):
        """What a page refuses cannot be done here, whatever the year's state: nothing can."""
        client = browser(kind)
        User.objects.filter(pk=client.user.pk).update(is_staff=True)  # type: ignore[attr-defined]
        before = Change.objects.count()
        for model, row in secrets.items():
            name = f"admin:budgets_{model._meta.model_name}"
            assert client.get(reverse(f"{name}_changelist") + "?q=x").status_code == 200, model
            change = reverse(f"{name}_change", args=[row.pk])
            page = client.get(change)
            assert page.status_code == 200, model
            assert 'name="_save"' not in content(page)
            assert client.get(reverse(f"{name}_add")).status_code == 403, model
            assert client.post(reverse(f"{name}_add"), {}).status_code == 403, model
            said = {"version": 2, "original": "5", "amount": "5", "state": "approved", "note": "x"}
            assert client.post(change, said).status_code == 403, model
            assert client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403, model
            acts = {"action": "delete_selected", "_selected_action": [row.pk]}
            assert client.post(reverse(f"{name}_changelist"), acts).status_code in (200, 302, 403), model
        assert Change.objects.count() == before
        assert BudgetLine.objects.get(pk=secrets[BudgetLine].pk).original == AMOUNT


class TestUndo:
    def undo(self, client: Client, change_set: Any) -> int:
        url = reverse("changeset", args=[change_set])
        assert "Fortryd hele" not in content(client.get(url))
        return client.post(url).status_code

    @pytest.mark.parametrize("state", ["draft", "submitted", "approved", "closed"])
    @pytest.mark.parametrize("kind", [FOI, MANAGER])
    def test_gives_no_line_its_old_amount_back(self, state: str, kind: str):
        year = rows.year()
        line = rows.line(year, 5)
        with history.recording(actor=factories.user()) as change_set:
            BudgetLine.objects.filter(pk=line.pk).update(original=2000)
            Estimate.objects.update(amount=7)
        BudgetYear.objects.update(state=state)
        assert self.undo(factories.client(kind), change_set) == 403
        assert BudgetLine.objects.get().original == 2000

    def test_takes_no_approval_back(self):
        year = rows.year()
        rows.line(year)
        client = factories.client(MANAGER)
        chef = client.user  # type: ignore[attr-defined]
        rows.decide(year, SUBMIT, chef)
        rows.decide(year, APPROVE, chef)
        for change_set in set(Change.objects.filter(actor=chef).values_list("change_set", flat=True)):
            assert self.undo(client, change_set) == 403
        year.refresh_from_db()
        assert year.state == "approved"

    def test_leaves_the_registry_alone_where_the_act_touched_a_budget_too(self):
        line = rows.line(rows.year())
        with history.recording(actor=factories.user()) as change_set:
            BudgetLine.objects.update(original=2000)
            Component.objects.filter(pk=line.component_id).update(name="Nyt navn")
        assert self.undo(factories.client(FOI), change_set) == 403
        assert Component.objects.get(pk=line.component_id).name == "Nyt navn"

    @pytest.mark.parametrize("model", BUDGETS, ids=lambda model: model.__name__)
    def test_is_offered_for_no_kind_of_row(self, secrets: Any, model: type[models.Model]):
        """Even to somebody who has every permission there is."""
        client = factories.client(None)
        client.user.user_permissions.set(Permission.objects.all())  # type: ignore[attr-defined]
        text = next(
            field.name
            for field in model._meta.fields
            if isinstance(field, (models.CharField, models.TextField, models.DecimalField))
            and not field.choices
        )
        with history.recording(actor=factories.user()) as change_set:
            model._default_manager.filter(pk=secrets[model].pk).update(**{text: "8"})
        assert self.undo(client, change_set) == 403


def test_the_history_is_filtered_by_what_one_may_see():
    line = rows.line(rows.year())
    author = factories.user(first_name="Budgetmager")
    with history.recording(actor=author):
        BudgetLine.objects.filter(pk=line.pk).update(original=5)
    for kind, sees in ((READER, False), (FOI, True)):
        page = content(factories.client(kind).get("/historik/"))
        assert ('value="budgets_budgetline"' in page) == sees
        assert ("Budgetmager" in page) == sees


def test_a_step_is_taken_by_nobody_who_may_not():
    year = rows.year(state="submitted")
    rows.line(year)
    factories.system(code="CURA")
    seen = approving.seen_mark(year)
    for kind in (READER, RESPONSIBLE, FOI, ADMINISTRATOR, NOBODYS):
        client = browser(kind)
        for step in ("godkend", "send-tilbage", "genaabn", "luk"):
            said = {"seen": seen, "note": "x", "sure": "1"}
            assert client.post(f"/budget/2027/{step}/", said).status_code == 403
    year.refresh_from_db()
    assert year.state == "submitted"
