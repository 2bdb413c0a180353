"""Queries per page: few, and the same for ten rows as for sixty."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.ui import pdf
from registry.models import Component, Dependency, Organisation, System
from tests import factories
from tests.queries import (
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

pytestmark = pytest.mark.django_db

LIST, DETAIL = 12, 20
# With all panels; in a test's transaction the landscape is read anew each time it is asked for, 7 queries.
WITH_PANELS = 36 + deadlines.BOARD
SMALL, LARGE = 10, 60


def grow(count: int) -> None:
    """A landscape of ``count`` systems, each leaning on a platform, a module and its neighbour, all well connected."""
    start = System.objects.count()
    orgs = [
        Organisation(code=f"O{i}", name=f"Organisation {i}", kind="forvaltning" if i % 2 else "vendor")
        for i in range(start, count)
    ]
    Organisation.objects.bulk_create(orgs)
    orgs = list(Organisation.objects.order_by("pk"))
    platform, _ = Component.objects.get_or_create(
        code="STS",
        defaults={"name": "STS", "level": "own", "component_type": "platform", "provider": orgs[0]},
    )
    Component.objects.bulk_create(
        Component(
            code=f"K{i}",
            name=f"Komponent {i}",
            level="own",
            component_type="module",
            parent=platform,
            provider=orgs[i],
            lifecycle="retired" if i % 3 == 0 else "active",
            successor=platform,
        )
        for i in range(start, count)
    )
    System.objects.bulk_create(
        System(
            code=f"S{i}",
            name=f"System {i}",
            department=orgs[i],
            provider=orgs[i // 2],
            criticality=4,
            successor=platform,
        )
        for i in range(start, count)
    )
    components, systems = list(Component.objects.order_by("pk")), list(System.objects.order_by("pk"))
    centre = systems[0]
    rows = []
    for i in range(max(start, 1), count):
        rows += [
            Dependency(source=systems[i], target=platform, importance="critical", via=components[i]),
            Dependency(source=systems[i], target=components[i]),
            Dependency(source=systems[i], target=centre, status="ended" if i % 4 == 0 else "active"),
            Dependency(source=centre, target=components[i], purpose="Opslag"),
            Dependency(source=platform, target=components[i], importance="minor"),
        ]
    Dependency.objects.bulk_create(rows)
    Organisation.objects.filter(pk__in=[o.pk for o in orgs[1:]]).update(parent=orgs[0])
    centre.description += "x"
    centre.save()
    for subject in SUBJECTS:
        subject.grow(start, count)


PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "fagsystemer": (LIST, "system-list", [], ""),
    "fagsystemer, alle kolonner": (
        LIST,
        "system-list",
        [],
        "size=250&col=name&col=code&col=department_code&col=vendor_code&col=criticality&col=personal_data&col=uses"
        "&col=status&col=used_by&col=aliases&col=description&col=external_id&col=successor_code&col=updated_at"
        "&col=confirmed_on",
    ),
    "fagsystemer, filtreret": (
        LIST,
        "system-list",
        [],
        "q=sys&department=O1&uses=STS&criticality=4&unconfirmed=1&sort=-used_by",
    ),
    "komponenter": (LIST, "component-list", [], "size=250"),
    "komponenter, filtreret": (LIST, "component-list", [], "parent=STS&missing=replacement&sort=-uses"),
    "afhængigheder": (LIST, "dependency-list", [], "size=250"),
    "afhængigheder, filtreret": (
        LIST,
        "dependency-list",
        [],
        "within=STS&department=O1&q=s&sort=-target_code",
    ),
    # A test is in a transaction, where the landscape is read afresh: four queries instead of one.
    "svage punkter som liste": (LIST + 1, "component-list", [], "fund=single_point&size=250"),
    "ringe som liste": (LIST + 1, "system-list", [], "fund=cycle&size=250"),
    "planlagte slutninger som liste": (LIST + 2, "component-list", [], "fund=ending"),
    "fund": (DETAIL, "findings", [], ""),
    "ét fund": (DETAIL, "findings", [], "fund=retired"),
    "alternativer": (LIST, "system-alternatives", ["S0"], ""),
    "organisationer": (LIST, "organisation-list", [], "size=250"),
    "søgning": (LIST + 4, "search", [], "q=system"),
    "søgning uden svar": (LIST + 8, "search", [], "q=zzzzqqqq"),
    "konsekvens": (LIST + 3, "impact", [], "asset=STS"),
    "konsekvens, opad": (LIST + 3, "impact", [], "asset=S0&retning=op&nede=K1"),
    "konsekvens, et udsnit": (LIST + 3, "impact", [], "asset=STS,K1&vis=system-critical&forvaltning=O1"),
    "konsekvens, intet valgt": (LIST, "impact", [], ""),
    "konsekvens som csv": (LIST, "impact", [], "asset=STS&_export=csv"),
    "opslag": (LIST, "asset-lookup", [], "q=kom"),
    "opslag af organisation": (LIST, "organisation-lookup", [], "q=org"),
    "historik": (LIST, "history", [], ""),
    "naboer som billede": (LIST, "system-picture", ["S0"], "dybde=2"),
    "konsekvens som billede": (LIST, "impact-picture", [], "asset=STS"),
    "landskab": (LIST, "landscape", [], "aabn=STS"),
    "landskab, filtreret": (
        LIST,
        "landscape",
        [],
        "q=sys&department=O1&importance=critical&dependency_status=active",
    ),
    "landskab, en tidligere dag": (LIST, "landscape", [], "dato=2020-01-01"),
    "landskab, csv": (LIST, "landscape", [], "_export=csv"),
    "kort over landskabet": (LIST, "landscape-map", [], ""),
    # In a transaction the seats are read afresh too: eight queries instead of one.
    "forside": (DETAIL + 10 + deadlines.BOARD, "front", [], ""),
    "fagsystem": (WITH_PANELS, "system-detail", ["S0"], ""),
    "komponent": (WITH_PANELS, "component-detail", ["STS"], ""),
    "modul": (WITH_PANELS, "component-detail", ["K1"], ""),
    "organisation": (DETAIL, "organisation-detail", ["O0"], ""),
    "afhængigheder i tabel": (DETAIL, "system-dependencies", ["S0"], ""),
    "historik for et fagsystem": (LIST, "system-history", ["S0"], ""),
    "formular": (DETAIL, "system-update", ["S0"], ""),
    "formular for komponent": (DETAIL, "component-update", ["K1"], ""),
    "ny": (DETAIL, "system-create", [], ""),
    "arkivering": (DETAIL, "component-archive", ["STS"], ""),
    "gemte svar": (LIST, "snapshot-list", [], ""),
    "gemte svar som regneark": (LIST, "snapshot-list", [], "_export=xlsx&archived=alle"),
    "gem svaret": (DETAIL, "snapshot-create", [], "asset=STS"),
    "konsekvens som PDF": (DETAIL, "impact-pdf", [], "asset=STS"),
    "csv": (LIST, "system-list", [], "_export=csv"),
    "xlsx": (LIST, "dependency-list", [], "_export=xlsx"),
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
)  # each may use those before it
HIDDEN: set[str] = set()  # from readers
for subject in SUBJECTS:
    PAGES |= subject.PAGES
    hidden = subject.__name__.rpartition(".")[2].startswith(("budget_", "operations"))
    HIDDEN |= set(subject.PAGES) if hidden else set()


def count(client: Client, url: str) -> tuple[int, list[str]]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(url)
        response.getvalue()
    assert response.status_code == 200, url
    return len(captured), [q["sql"][:150] for q in captured]


# They tell of the latest acts.
TELLING = ("historik", "historik for en person", "forside", "budget med ændringer")


class Paper:
    """A document that is laid out at once. What is on it has been read by then, and only reading is counted here."""

    pages = (1,)

    def __init__(self, **kwargs: Any) -> None:
        """Whatever WeasyPrint is given."""

    def render(self) -> Paper:
        return self

    def write_pdf(self, **kwargs: Any) -> bytes:
        return b"%PDF"


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_engine", lambda: (Paper, dict))


@pytest.mark.usefixtures("paper")
@pytest.mark.parametrize("who", ["FOI", "Læser"])
def test_the_same_few_queries_at_two_sizes(who: str):
    client = factories.client(who)
    measured: dict[str, list[tuple[int, list[str]]]] = {}
    for size in (SMALL, LARGE):
        grow(size)
        for page, (_, name, args, query) in PAGES.items():
            if who != "FOI" and (
                page in HIDDEN or page.startswith(("formular", "ny", "arkiv", "gem svaret"))
            ):
                continue
            url = f"{reverse(name, args=args)}?{query}"
            client.get(url)  # what is asked once per process is not counted
            measured.setdefault(page, []).append(count(client, url))
    faults = []
    for page, ((small, _), (large, sql)) in measured.items():
        most = PAGES[page][0]
        # the history and the front page name rows of fewer kinds when what they show is of a few large acts
        grown = large > small if page in TELLING else large != small
        if grown or large > most:
            faults.append(f"{page}: {small} → {large} queries, at most {most}\n  " + "\n  ".join(sql[:30]))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rows", [SMALL, LARGE])
def test_a_change_set_and_a_dependency_and_a_conflict(rows: int):
    client = factories.client("FOI")
    with history.recording() as change_set:
        grow(rows)
    most: dict[str, Any] = {
        reverse("changeset", args=[change_set]): DETAIL,
        reverse("dependency-detail", args=[Dependency.objects.first().pk]): DETAIL,
        reverse("dependency-update", args=[Dependency.objects.first().pk]): DETAIL,
    }
    for url, limit in most.items():
        queries, sql = count(client, url)
        assert queries <= limit, "\n".join(sql)
    assert Change.objects.filter(change_set=change_set).count() > rows
