"""The demonstration's budgets: only ever loaded on a developer's machine, and only where there are none yet.

The lines are the published file beside this one. Inhabitants of 2020 and 2024 and the prices up to 2021 are published;
the rest is estimated and marked so.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from budgets import computing
from budgets.demo.events import carry_on
from budgets.models import (
    ESTIMATED_YEARS,
    Actual,
    Adjustment,
    AdjustmentEntry,
    AdjustmentKind,
    Assumption,
    AssumptionValue,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    DecisionKind,
    Estimate,
    Forecast,
    ForecastRound,
    Gain,
    GainKind,
    GainState,
    Price,
    PriceKind,
    PriceModel,
    ShareKey,
    SharePart,
    Sharing,
    YearDecision,
    YearState,
)
from foi_portal.core.models import User
from foi_portal.core.money import to_cents
from registry.importing import SourceFile, apply_reading, read_files
from registry.models import Asset, Organisation

DEMO = Path(__file__).resolve().parent
THIS_YEAR, DRAFT = 2026, 2027
TO = datetime.date(2026, 10, 31)
GROWTH = Decimal("1.03")
ONCE_A_YEAR = ("FKI", "licence"), ("SP", "transaction")  # one invoice: what has come is all that comes
# year → inhabitants, published or estimated
INHABITANTS = {
    2019: 203_900, 2020: 204_700, 2021: 205_500, 2022: 207_000, 2023: 208_200, 2024: 209_078, 2025: 210_000,
    2026: 210_800, 2027: 211_500,
}  # fmt: skip
COUNTED = {2020: "Offentliggjort indbyggertal", 2024: "Offentliggjort indbyggertal"}
# per cent from the year before; the demonstration's own series
INDEXATION = {
    2020: "1.5", 2021: "1.3", 2022: "2.1", 2023: "3.6", 2024: "3.3", 2025: "2.9", 2026: "2.9", 2027: "3.0",
}  # fmt: skip
BUFFET = {
    2018: "1.37", 2019: "1.94", 2020: "2.79", 2021: "4.80", 2022: "5.05", 2023: "5.40", 2024: "5.70", 2025: "6.00",
    2026: "6.25", 2027: "6.50",
}  # fmt: skip
LAST_PUBLISHED = 2021
# component → since when it is unclarified, what is being done, when to look again
UNCLARIFIED = {
    "FJERNPRINT": (
        datetime.date(2024, 3, 1),
        "Forvaltningerne betaler efter antal breve i dag. Digitaliseringsforum drøfter, om budgettet skal samles i "
        "Digitalisering og Arkitektur.",
        datetime.date(2026, 12, 10),
    ),
    "FUT": (
        datetime.date(2024, 6, 1),
        "Andelen modregnes i bloktilskuddet. Sundhedsforvaltningen og FOI afklarer, hvem der følger op på regningen.",
        datetime.date(2027, 1, 20),
    ),
    "DMPORTAL": (
        datetime.date(2025, 2, 1),
        "Partnerskabet betales af Klima- og Miljøforvaltningen. Aftalens ejer skal udpeges, før den fornyes.",
        datetime.date(2027, 2, 1),
    ),
}
# component → key, whether only what forvaltninger finance, note, who pays how much
SHARED: dict[str, tuple[ShareKey, bool, str, dict[str, int]]] = {
    "FJERNPRINT": (ShareKey.PERCENT, True, "Efter antal breve i 2025, skønnet.",
                   {"BSF": 55, "AHF": 20, "BUF": 15, "SUF": 10}),
    "DMPORTAL": (ShareKey.EQUAL, True, "Miljøsagerne ligger i begge forvaltninger.", {"KMF": 1, "BKF": 1}),
    "IDM": (ShareKey.USERS, False, "Efter antal brugerkonti, skønnet.",
            {"BUF": 6200, "AHF": 5100, "BSF": 2300, "SUF": 900, "BKF": 1600, "BMF": 1100, "KMF": 450}),
    "SP": (ShareKey.SYSTEMS, False, "", {}),
    "KITOS": (ShareKey.EQUAL, False, "", {"BSF": 1, "AHF": 1, "BUF": 1, "SUF": 1, "BKF": 1, "BMF": 1, "KMF": 1}),
}  # fmt: skip
# component and kind → the unit whose budget the line lies in
LYING = {("FKI", "staff"): "FOI", ("FKI", "operation"): "FOI", ("FIOL", "operation"): "BRUGADM"}
# component, kind, text, DKK a year, from, state, responsible, follow-up
GAINS: tuple[tuple[str, str, str, int | None, int | None, str, datetime.date | None], ...] = (
    ("SP", GainKind.CHEAPER_INTEGRATION, "Nye fagsystemer bruger færdige snitflader til CPR og CVR i stedet for egne.",
     450_000, 2021, GainState.REALISED, None),
    ("STS", GainKind.BETTER_USE, "Adgange styres ét sted, så et systemskift ikke kræver nye brugerkataloger.",
     180_000, 2027, GainState.PLANNED, datetime.date(2027, 3, 1)),
    ("STSORG", GainKind.BETTER_DATA, "Organisationen vedligeholdes ét sted og læses af fagsystemerne.",
     120_000, 2022, GainState.REALISED, None),
    ("DAF", GainKind.DATA_REUSE, "Grunddata hentes fra kilden og ikke fra egne kopier, der bliver gamle.",
     None, None, GainState.POSSIBLE, datetime.date(2027, 1, 15)),
    ("SAPA", GainKind.FASTER_CASES, "Sagsbehandleren ser borgerens sager på tværs uden at spørge rundt.",
     None, None, GainState.REALISED, None),
    ("IDM", GainKind.SECURITY_INCIDENT, "Rettigheder fjernes samme dag, en medarbejder fratræder.",
     None, None, GainState.PLANNED, datetime.date(2026, 12, 1)),
    ("SBSIP", GainKind.DOUBLE_COST, "Ens integrationer købes ikke to gange af to leverandører.",
     95_000, 2027, GainState.POSSIBLE, datetime.date(2027, 4, 1)),
    ("FJERNPRINT", GainKind.BETTER_USE, "Egen printløsning til særlige breve. Volumen faldt hurtigere end ventet.",
     60_000, 2023, GainState.GIVEN_UP, None),
)  # fmt: skip


def load(*, foi: User, manager: User) -> int:
    """Make the budgets, unless there is one. In: who submitted and who approved. Out: how many lines were made."""
    if BudgetYear.objects.exists():
        return 0
    source = SourceFile("budget_lines.csv", (DEMO / "budget_lines.csv").read_bytes())
    done = apply_reading(read_files([source]), actor=None, reason="Demonstrationsdata")
    # The file tells what was spent to the end of October, whenever the demonstration is loaded.
    Actual.objects.filter(year__year=THIS_YEAR).update(month=TO.month)
    office = Organisation.objects.get(code="DA")
    _estimates()
    _prices()
    _responsibilities(office)
    _forecasts()
    _gains(office)
    _sharing()
    _decide(foi, manager)
    _adjustment(foi)
    return done.plan.changes


def _estimates() -> None:
    lines = BudgetLine.objects.filter(year__year=DRAFT).exclude(original=None)
    Estimate.objects.bulk_create(
        Estimate(line=line, ahead=ahead, amount=to_cents((line.original or 0) * GROWTH**ahead))
        for line in lines
        for ahead in range(1, ESTIMATED_YEARS + 1)
    )


def _prices() -> None:
    inhabitants = Assumption.objects.create(code="INDBYGGERE", name="Indbyggere", unit="indbyggere")
    index = Assumption.objects.create(
        code="PL", name="Pris- og lønskøn", unit="procent", note="Opdigtet række til demonstrationen."
    )
    AssumptionValue.objects.bulk_create(
        [
            *(
                AssumptionValue(
                    assumption=inhabitants,
                    year=year,
                    value=count,
                    estimated=year not in COUNTED,
                    source=COUNTED.get(year, "Skønnet mellem de offentliggjorte tal"),
                )
                for year, count in INHABITANTS.items()
            ),
            *(
                AssumptionValue(assumption=index, year=year, value=Decimal(value), estimated=True)
                for year, value in INDEXATION.items()
            ),
        ]
    )
    fki = PriceModel.objects.create(
        code="FKI-INFRASTRUKTUR",
        name="KOMBITs infrastrukturpris",
        kind=PriceKind.INHABITANT_TIERED,
        component=Asset.objects.get(code="FKI"),
        assumption=inhabitants,
        note="25 kr. pr. indbygger og det halve over 150.000. Faktureres for sig siden 2020.",
    )
    buffet = PriceModel.objects.create(
        code="SP-BUFFET",
        name="Serviceplatformens buffetpris",
        kind=PriceKind.INHABITANT_FLAT,
        component=Asset.objects.get(code="SP"),
        assumption=inhabitants,
        note="Fastsættes for et år ad gangen efter alle kommuners ventede forbrug.",
    )
    Price.objects.create(
        model=fki, since=2020, steps=[["0", "25.00"], ["150000", "12.50"]], source="Offentliggjort af KOMBIT"
    )
    for year, unit in BUFFET.items():
        published = year <= LAST_PUBLISHED
        Price.objects.create(
            model=buffet,
            since=year,
            until=year,
            steps=[["0", unit]],
            estimated=not published,
            source="Offentliggjort af KOMBIT" if published else "Skønnet",
        )
    for code, kind, model in (("FKI", "licence", fki), ("SP", "transaction", buffet)):
        lines = BudgetLine.objects.filter(component__code=code, cost_type=kind)
        _attach(lines.select_related("year"), model)
    _volumes(
        "MITIDERHVERV",
        "CERTIFIKATER",
        "Certifikater i MitID Erhverv",
        "certifikater",
        model=PriceModel(code="MITID-CERTIFIKAT", name="MitID Erhverv, certifikater", kind=PriceKind.USER),
        price=Decimal(20),
        source="Offentliggjort pris",
    )
    _volumes(
        "FJERNPRINT",
        "BREVE",
        "Fysiske breve",
        "breve",
        model=PriceModel(code="FJERNPRINT", name="Fjernprint pr. brev", kind=PriceKind.TRANSACTION),
        price=Decimal(10),
        source="",
    )


def _volumes(
    component: str, code: str, name: str, unit: str, *, model: PriceModel, price: Decimal, source: str
) -> None:
    """Say what the component's transaction lines are: a price, and as many as gives the budgeted amounts."""
    model.component = Asset.objects.get(code=component)
    model.assumption = Assumption.objects.create(code=code, name=name, unit=unit, note="Opdigtet række.")
    model.save()
    lines = BudgetLine.objects.filter(component=model.component, cost_type="transaction")
    lines = lines.exclude(original=None).select_related("year").order_by("year__year")
    AssumptionValue.objects.bulk_create(
        AssumptionValue(
            assumption=model.assumption,
            year=line.year.year,
            value=(line.original or 0) / price,
            estimated=True,
            source="Regnet baglæns af budgettet",
        )
        for line in lines
    )
    Price.objects.create(
        model=model,
        since=lines[0].year.year,
        steps=[["0", f"{price:.2f}"]],
        estimated=not source,
        source=source or "Opdigtet",
    )
    _attach(lines, model)


def _attach(lines: QuerySet[BudgetLine], model: PriceModel) -> None:
    """Tie the lines to their price. The arithmetic is written only where it gives the line's amount to the øre."""
    rates = computing.Rates.of([model.pk])
    for line in lines:
        found = rates.compute(model.pk, line.year.year)
        line.price_model = model
        line.calculation = found.arithmetic if found.amount == line.original else ""
        line.save(update_fields=["price_model", "calculation"])


def _responsibilities(office: Organisation) -> None:
    with_lines = Asset.objects.filter(budget_lines__isnull=False).distinct().order_by("code")
    rows = []
    for component in with_lines:
        if component.code in UNCLARIFIED:
            since, action, follow_up = UNCLARIFIED[component.code]
            rows.append(
                BudgetResponsibility(component=component, since=since, action=action, follow_up_on=follow_up)
            )
        else:
            rows.append(
                BudgetResponsibility(
                    component=component,
                    organisation=office,
                    responsible="Kontorchefen for Digitalisering og Arkitektur",
                    clarified=True,
                    since=datetime.date(2020, 6, 1),
                )
            )
    BudgetResponsibility.objects.bulk_create(rows)


def _forecasts() -> None:
    """What has been spent in ten months, times twelve months; the whole budget where one invoice has come."""
    round_ = ForecastRound.objects.create(
        year=BudgetYear.objects.get(year=THIS_YEAR), name="3. budgetopfølgning", actuals_to=TO
    )
    lines = BudgetLine.objects.filter(year__year=THIS_YEAR).select_related("component")
    Forecast.objects.bulk_create(
        Forecast(round=round_, line=line, amount=_expected(line))
        for line in lines.annotate(spent=Sum("actuals__amount"))
    )


def _expected(line: Any) -> Decimal | None:
    if (line.component.code, line.cost_type) in ONCE_A_YEAR:
        amount: Decimal | None = line.original
        return amount
    return None if line.spent is None else to_cents(line.spent / TO.month * 12)


def _gains(office: Organisation) -> None:
    assets = {asset.code: asset for asset in Asset.objects.components()}
    Gain.objects.bulk_create(
        Gain(
            asset=assets[code],
            kind=kind,
            text=text,
            yearly=yearly,
            from_year=from_year,
            organisation=office,
            responsible="FOI-enheden",
            state=state,
            follow_up_on=follow_up,
        )
        for code, kind, text, yearly, from_year, state, follow_up in GAINS
    )


def _sharing() -> None:
    """Keys of this year and the draft, and the units whose budgets some lines lie in."""
    units = {unit.code: unit for unit in Organisation.objects.all()}
    assets = {asset.code: asset for asset in Asset.objects.components()}
    for year in BudgetYear.objects.filter(year__gte=THIS_YEAR):
        for component, (key, departments_only, note, parts) in SHARED.items():
            sharing = Sharing.objects.create(
                year=year,
                component=assets[component],
                key=key,
                departments_only=departments_only,
                note=note,
            )
            SharePart.objects.bulk_create(
                SharePart(sharing=sharing, organisation=units[code], weight=weight)
                for code, weight in parts.items()
            )
    for (component, kind), code in LYING.items():
        BudgetLine.objects.filter(component=assets[component], cost_type=kind).update(unit=units[code])


def _decide(foi: User, manager: User) -> None:
    """Submit and approve in the autumn before, close in March after: as the municipality's calendar has it."""
    years = {year.year: year for year in BudgetYear.objects.filter(year__lt=DRAFT)}
    decisions = []
    for number, year in years.items():
        decisions += [
            _decision(year, DecisionKind.SUBMIT, foi, datetime.date(number - 1, 9, 12)),
            _decision(year, DecisionKind.APPROVE, manager, datetime.date(number - 1, 10, 10)),
        ]
        if number < THIS_YEAR:
            decisions.append(_decision(year, DecisionKind.CLOSE, manager, datetime.date(number + 1, 3, 15)))
    YearDecision.objects.bulk_create(decisions)
    BudgetYear.objects.filter(year__lt=THIS_YEAR).update(state=YearState.CLOSED)
    BudgetYear.objects.filter(year=THIS_YEAR).update(state=YearState.APPROVED)


def _adjustment(foi: User) -> None:
    """One that waits for the kontorchef: until then it changes no figure."""
    line = BudgetLine.objects.get(year__year=THIS_YEAR, component__code="FJERNPRINT")
    adjustment = Adjustment.objects.create(
        year=line.year,
        kind=AdjustmentKind.SUPPLEMENT,
        on=datetime.date(THIS_YEAR, 11, 18),
        reason="Porto steg 1. juli, og brevmængden faldt mindre end ventet",
        case_number="2026-114207",
        proposed_by=foi,
    )
    AdjustmentEntry.objects.create(adjustment=adjustment, line=line, amount=Decimal(45_000))


def _decision(year: BudgetYear, kind: DecisionKind, by: User, on: datetime.date) -> YearDecision:
    at = timezone.make_aware(datetime.datetime.combine(on, datetime.time(10)))
    return YearDecision(year=year, kind=kind, by=by, at=at)


__all__ = ["carry_on", "load"]
