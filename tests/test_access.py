"""Who may do what: every named address × every kind of user × every method. A new address must be put in the table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from foi_portal.core.models import Change, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, GROUPS, MANAGER, READER, RESPONSIBLE
from registry.models import Asset, Dependency, ImpactSnapshot, ImportFile, ImportJob, Organisation
from tests import factories
from tests.access import (
    agreements,
    assignments,
    budget_actuals,
    budget_adjustments,
    budget_gains,
    budget_overview,
    budget_prices,
    budget_sharing,
    budget_years,
    catalogue,
    certificates,
    confirmation,
    coverage,
    deadlines,
    findings,
    operations,
    panels,
    people,
    reminders,
    vulnerability,
)
from tests.access.rules import ALL, EDITORS, KEEPERS, KEYED, KINDS, NOBODYS, PUBLIC, READERS, Rule, noun

pytestmark = pytest.mark.django_db

RULES: dict[str, Rule] = {
    "login": Rule(ALL, ALL),
    "healthz": Rule(ALL),
    "logout": Rule(None, ALL),
    "front": Rule(READERS),
    "search": Rule(READERS),
    "history": Rule(READERS),
    "changeset": Rule(READERS, EDITORS, ("change_set",)),
    "system-on-date": Rule(READERS, None, ("system",)),
    "component-on-date": Rule(READERS, None, ("component",)),
    "landscape": Rule(READERS),
    "landscape-map": Rule(READERS),
    "landscape-changes": Rule(READERS),
    "findings": Rule(READERS),
    "impact": Rule(READERS),
    "impact-pdf": Rule(READERS),
    "asset-lookup": Rule(READERS),
    "organisation-lookup": Rule(READERS),
    "impact-picture": Rule(READERS),
    "system-picture": Rule(READERS, None, ("system",)),
    "component-picture": Rule(READERS, None, ("component",)),
    "import": Rule(EDITORS, EDITORS),
    "import-job": Rule(EDITORS, None, ("job",)),
    "import-commit": Rule(None, EDITORS, ("job",)),
    "import-discard": Rule(None, EDITORS, ("job",)),
    "import-errors": Rule(EDITORS, None, ("job",)),
    **noun("system", "system", table=True, bulk=True),
    **noun("component", "component", table=True, bulk=True),
    **noun("organisation", "organisation"),
    **noun("dependency", "dependency", bulk=True),
    **noun("snapshot", "snapshot", makers=KEEPERS),
}
SUBJECTS = (
    people,
    catalogue,
    assignments,
    coverage,
    vulnerability,
    confirmation,
    operations,
    panels,
    budget_actuals,
    budget_adjustments,
    budget_gains,
    budget_overview,
    budget_prices,
    budget_sharing,
    budget_years,
    agreements,
    certificates,
    deadlines,
    findings,
    reminders,
)
for subject in SUBJECTS:
    RULES |= subject.RULES
# Each has their own by other means than the right to the model.
APART = {"view_calendarlink", "view_reminderpreference"}


def patterns(resolver: Any, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """Every address of the portal: its name with namespace, its route, the pattern."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, route, inner)
        else:
            yield f"{namespace}{entry.name}" if entry.name else "", route, entry


PATTERNS = list(patterns(get_resolver()))
OWN = sorted({name for name, _, _ in PATTERNS if name and not name.startswith("admin:")})


@pytest.fixture
def world() -> dict[str, Any]:
    """One row of each kind, and the words that name them in addresses."""
    owner = factories.user()
    system = factories.system(code="CURA")
    row = factories.dependency(source=system, target=factories.component(code="SP"))
    factories.organisation(code="KMD")
    job = ImportJob.objects.create(
        uploaded_by=owner, state="rejected", problems=[["a.csv", 2, "code", "x", "Findes ikke"]]
    )
    found = {
        "system": "CURA",
        "component": "SP",
        "organisation": "KMD",
        "dependency": row.pk,
        "job": job.pk,
        "snapshot": factories.snapshot(asked_by=owner).pk,
        "change_set": Change.objects.values_list("change_set", flat=True)[0],
    }
    for subject in SUBJECTS:
        found |= subject.world(found)
    return found


def address(name: str, world: dict[str, Any]) -> str:
    return reverse(name, args=[world[key] for key in RULES[name].kwargs])


def everything() -> list[Any]:
    models: tuple[Any, ...] = (
        Organisation,
        Asset,
        Dependency,
        ImpactSnapshot,
        ImportJob,
        ImportFile,
        *apps.get_app_config("roles").get_models(),
        *apps.get_app_config("coordination").get_models(),
    )
    return [list(m._default_manager.order_by("pk").values()) for m in models] + [Change.objects.count()]


def signed_in(kind: str) -> Client:
    return factories.client(None if kind == NOBODYS else kind)


def refused(name: str) -> set[int]:
    """A change set of which one may see nothing is like one that is not there."""
    if name in KEYED:
        return {404}
    return {403, 404} if name == "changeset" else {403}


def test_every_address_is_in_the_table():
    unnamed = [route for name, route, _ in PATTERNS if not name and not route.startswith("admin/")]
    assert unnamed == []
    assert sorted(set(OWN) - set(RULES)) == [], "say who may GET and POST it in RULES"
    assert sorted(set(RULES) - set(OWN)) == [], "these addresses are gone"


def test_no_group_is_forgotten():
    assert set(GROUPS) == set(KINDS) - {NOBODYS}


class TestAnonymous:
    @pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options", "trace"])
    def test_is_sent_to_the_login_from_everywhere(self, world: dict[str, Any], method: str):
        client = Client()
        before = everything()
        for name in RULES:
            url = address(name, world)
            response = getattr(client, method)(url)
            if name in PUBLIC:
                assert response.status_code in ((404, 405) if name in KEYED else (200, 405)), name
                continue
            assert response.status_code == 302, f"{method} {name}: {response.status_code}"
            assert response["Location"] == f"{reverse('login')}?next={quote(url)}"
        assert everything() == before

    @pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
    def test_learns_nothing_about_what_exists(self, world: dict[str, Any], method: str):
        """The answer is the same for a row that is not there as for one that is."""
        client = Client()
        for name, rule in RULES.items():
            if rule.kwargs:
                missing = {**world, "system": "X", "component": "X", "organisation": "X", "dependency": 0}
                missing |= {"snapshot": 0, "job": uuid.uuid4(), "change_set": uuid.uuid4()}
                for subject in SUBJECTS:
                    missing |= subject.MISSING
                response = getattr(client, method)(address(name, missing))
                assert response.status_code == 302, name

    def test_gets_no_further_by_an_address_that_is_not_there(self):
        assert Client().get("/findes-ikke/").status_code in (302, 404)

    @pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
    def test_is_sent_to_the_login_from_the_whole_admin(self, world: dict[str, Any], method: str):
        client = Client()
        for name, _, url in admin_addresses():
            response = getattr(client, method)(url)
            if name in ("admin:login", "admin:jsi18n"):
                assert response.status_code in (200, 302, 403, 405), name
                continue
            assert response.status_code in (302, 404), f"{method} {url}: {response.status_code}"
            if response.status_code == 302:
                assert "login" in response["Location"] or name in ("admin:index",), url


class TestMatrix:
    @pytest.mark.parametrize("kind", KINDS)
    def test_get(self, world: dict[str, Any], kind: str):
        client = signed_in(kind)
        before = everything()
        for name, rule in RULES.items():
            response = client.get(address(name, world))
            if rule.get is None:
                assert response.status_code in (405, 403), name
            else:
                # the bulk edit has nothing to show without rows and goes back to its list
                # and PDF and picture without a question to the page that asks for one
                fine = {302} if name.endswith(("-bulk", "impact-pdf", "impact-picture")) else {200}
                expected = fine if kind in rule.get else refused(name)
                assert response.status_code in expected, f"{kind} GET {name}: {response.status_code}"
            if response.status_code == 200 and not response.streaming:
                b"".join([response.content])
        assert everything() == before

    @pytest.mark.parametrize("kind", KINDS)
    def test_post(self, world: dict[str, Any], kind: str):
        """With an empty form: who may gets an answer about the form, who may not gets 403 and nothing is written."""
        client = signed_in(kind)
        for name, rule in RULES.items():
            before = everything()
            response = client.post(address(name, world))
            if rule.post is None:
                assert response.status_code in ((405,) if kind in (rule.get or ()) else (405, 403)), name
            elif kind in rule.post:
                fine = {200, 302, 400, 409, 422}
                # what the world's row has been used up for, or another rule than this table's, may refuse
                refusals = {403} if name == "changeset" else set()
                assert response.status_code in fine | refusals, f"{kind} POST {name}: {response.status_code}"
            else:
                assert response.status_code in refused(name), f"{kind} POST {name}: {response.status_code}"
                assert everything() == before, name
            if name == "logout":
                client.force_login(User.objects.get(pk=client.user.pk))  # type: ignore[attr-defined]

    @pytest.mark.parametrize("kind", [READER, FOI, NOBODYS])
    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods(self, world: dict[str, Any], kind: str, method: str):
        client = signed_in(kind)
        before = everything()
        for name in RULES:
            if name == "login":  # Django's own view takes PUT as POST
                continue
            response = getattr(client, method)(address(name, world), "{}", content_type="application/json")
            assert response.status_code in (405, 403), f"{kind} {method} {name}: {response.status_code}"
        assert everything() == before

    @pytest.mark.parametrize("method", ["head", "options", "trace"])
    def test_safe_methods(self, world: dict[str, Any], method: str):
        client = signed_in(FOI)
        before = everything()
        for name in RULES:
            response = getattr(client, method)(address(name, world))
            fine = (404, 405) if name in KEYED else (200, 302, 405)
            assert response.status_code in fine, f"{method} {name}: {response.status_code}"
            if method == "trace":
                assert response.status_code == 405, name
        assert everything() == before

    @pytest.mark.parametrize("kind", [FOI, READER])
    def test_every_post_needs_its_token(self, world: dict[str, Any], kind: str):
        client = Client(enforce_csrf_checks=True)
        client.force_login(factories.member(kind))
        before = everything()
        for name, rule in RULES.items():
            if rule.post is not None and name != "login":
                assert client.post(address(name, world)).status_code == 403, name
        assert everything() == before

    def holders(self, app: str, action: str, kinds: set[str]) -> set[str]:
        """Who must have the permission; ``kinds`` have it."""
        if app == "budgets":
            return self.holders_of_budgets(action)
        ours = app in ("registry", "roles", "coordination")
        if ours and action.startswith("view_") and "import" not in action and action not in APART:
            return set(READERS)
        if action == "add_impactsnapshot":  # an answer that is kept changes nothing
            return set(KEEPERS)
        if ours:
            return set(EDITORS)
        if "_user" in action or "_group" in action:
            return {ADMINISTRATOR}
        return kinds & set(EDITORS)

    def holders_of_budgets(self, action: str) -> set[str]:
        if action == "approve_budgetyear":
            return {MANAGER}
        if action == "view_budgetresponsibility":
            return {FOI, MANAGER, ADMINISTRATOR, RESPONSIBLE}
        return {FOI, MANAGER, ADMINISTRATOR} if action.startswith("view_") else {FOI, MANAGER}

    def test_the_rights_are_those_of_the_groups(self):
        """DESIGN §5: everybody reads, FOI and administrators edit, only administrators have users and groups."""
        may: dict[str, set[str]] = {}
        for kind in GROUPS:
            for permission in factories.member(kind).get_all_permissions():
                may.setdefault(permission, set()).add(kind)
        for permission, kinds in may.items():
            app, action = permission.split(".")
            assert kinds == self.holders(app, action, kinds), permission
        assert not {p for p in may if ".delete_" in p}, "nothing is deleted by users"
        assert not Permission.objects.filter(
            content_type__app_label__in=("registry", "roles", "coordination"),
            codename__startswith="delete_",
            group__isnull=False,
        )

    def test_somebody_made_inactive_is_out(self, world: dict[str, Any]):
        client = signed_in(FOI)
        User.objects.filter(pk=client.user.pk).update(is_active=False)  # type: ignore[attr-defined]
        assert client.get(reverse("front")).status_code == 302

    def test_pages_do_not_offer_what_is_forbidden(self, world: dict[str, Any]):
        """A reader's pages hold no link or form to an address the reader may not use."""
        for kind in (READER, RESPONSIBLE, MANAGER):
            client = signed_in(kind)
            forbidden = {
                address(n, world)
                for n, r in RULES.items()
                if (r.get is None or kind not in r.get) and (r.post is None or kind not in r.post)
            }
            for name, rule in RULES.items():
                if rule.get is not None and kind in rule.get and name not in ("login", "healthz"):
                    response = client.get(address(name, world))
                    if not response.get("Content-Type", "").startswith("text/html"):
                        continue  # a file: it offers nothing to press
                    page = response.content.decode()
                    for url in forbidden:
                        assert f'"{url}"' not in page, f"{kind}: {name} offers {url}"


def admin_addresses() -> Iterator[tuple[str, str, str]]:
    """Every address of the admin with 1 for its numbers."""
    for name, route, pattern in PATTERNS:
        if name.startswith("admin:"):
            names = pattern.pattern.converters
            try:
                yield name, route, reverse(name, kwargs=dict.fromkeys(names, "1"))
            except Exception:
                yield name, route, reverse(name, args=["registry"] if "app_list" in name else ["x"])


class TestAdmin:
    @pytest.mark.parametrize("kind", [READER, RESPONSIBLE, MANAGER, NOBODYS])
    def test_is_closed_for_those_who_only_read(self, world: dict[str, Any], kind: str):
        client = signed_in(kind)
        for name, _, url in admin_addresses():
            for method in ("get", "post"):
                response = getattr(client, method)(url)
                if name in ("admin:login", "admin:logout", "admin:jsi18n"):
                    assert response.status_code < 500
                    client.force_login(client.user)  # type: ignore[attr-defined]
                    continue
                assert response.status_code in (302, 403, 404), (
                    f"{kind} {method} {url}: {response.status_code}"
                )

    @pytest.mark.parametrize("kind", [FOI, ADMINISTRATOR])
    def test_never_falls_over(self, world: dict[str, Any], kind: str):
        client = signed_in(kind)
        User.objects.filter(pk=client.user.pk).update(is_staff=True)  # type: ignore[attr-defined]
        for name, _, url in admin_addresses():
            for method in ("get", "post", "put", "delete"):
                if (name, method) == ("admin:logout", "post"):
                    continue
                response = getattr(client, method)(url)
                assert response.status_code < 500, f"{kind} {method} {url}"

    def test_foi_has_no_users_and_groups(self, world: dict[str, Any]):
        client = signed_in(FOI)
        User.objects.filter(pk=client.user.pk).update(is_staff=True)  # type: ignore[attr-defined]
        for name in ("core_user", "auth_group"):
            for verb, args in (("changelist", []), ("add", []), ("change", ["1"])):
                url = reverse(f"admin:{name}_{verb}", args=args)
                assert client.get(url).status_code in (302, 403), url
                assert client.post(url).status_code in (302, 403), url
