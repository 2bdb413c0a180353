"""The impact question as an address and its answer as rows."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from registry import impact
from registry.graph import Severity
from registry.impact import Question, Reply
from registry.models import AlternativeGroup, Asset, Dependency
from tests import factories

pytestmark = pytest.mark.django_db


def parse(query: str) -> Question:
    return Question.parse(QueryDict(query))


def ask(query: str) -> Reply:
    return impact.ask(parse(query))


def uses(source: Any, target: Any, importance: str = "critical", **values: Any) -> Dependency:
    return factories.dependency(source=source, target=target, importance=importance, **values)


def codes(reply: Reply) -> list[str]:
    return [row.facts.code for row in reply.rows]


@pytest.fixture
def world() -> dict[str, Any]:
    """A register used by a service of a platform, which two systems use; a third uses the first, hardly."""
    office = factories.organisation(code="BMF", name="Borgmesterforvaltningen", kind="forvaltning")
    platform = factories.component(code="SP", name="Serviceplatformen", component_type="platform")
    made = {
        "register": factories.component(code="CPR", name="CPR-registret", component_type="register"),
        "platform": platform,
        "service": factories.component(code="SF1520", name="CPR opslag", parent=platform),
        "ky": factories.system(code="KY", name="Ydelsessystemet", department=office, criticality=4),
        "cura": factories.system(code="CURA", name="Cura", department=office),
        "aula": factories.system(code="AULA", name="Aula"),
        "alone": factories.system(code="ALENE", name="Alene"),
    }
    uses(made["service"], made["register"])
    uses(made["ky"], made["service"])
    uses(made["cura"], made["service"], "degraded")
    uses(made["aula"], made["ky"], "minor")
    return made


# --- The address --------------------------------------------------------------------------------------------


def test_the_whole_question_stands_in_the_address():
    day = timezone.localdate() - datetime.timedelta(days=40)
    question = Question(("STS", "SP"), "op", day, ("CPR",), 3, Severity.DEGRADED, ("FKI",))
    assert parse(question.query()) == question
    assert question.query() == (
        f"asset=STS&asset=SP&retning=op&dato={day.isoformat()}&nede=CPR&dybde=3&betydning=degraded&aabn=FKI"
    )
    assert parse(question.query(depth=None, assets=("X",))).assets == ("X",)


def test_codes_may_be_repeated_parted_by_commas_or_chosen_with_their_names():
    query = QueryDict(mutable=True)
    query.setlist("asset", ["sts, sp,,", "KY · Ydelsessystemet, det nye", "", "STS", "Borger, bolig og by"])
    assert Question.parse(query).assets == ("STS", "SP", "KY", "Borger, bolig og by")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("dybde=-1", "helt tal"),
        ("dybde=0", "helt tal"),
        ("dybde=abc", "helt tal"),
        ("dybde=1.5", "helt tal"),
        ("dybde=²", "helt tal"),
        ("dybde=" + "9" * 5000, "helt tal"),
        ("betydning=foo", "«Hvor hårdt» kan være Stopper, Virker dårligere eller Mærkes lidt"),
        ("retning=x", "Retningen kan være"),
        ("dato=snart", "«snart» kan ikke bruges"),
        ("dato=31-02-2026", "kan ikke bruges"),
        ("dato=0001-01-01", "mellem 1900 og 2200"),
        ("dato=%00", "kan ikke bruges"),
        ("asset=" + ",".join(f"K{n}" for n in range(500)), "de sidste 400 er udeladt"),
        ("nede=" + ",".join(f"K{n}" for n in range(101)), "de sidste 1 er udeladt"),
    ],
)
def test_what_cannot_be_used_is_said_and_left_out(query: str, words: str):
    question = parse(query)
    assert words in " ".join(question.problems)
    assert len(question.assets) <= impact.MOST_CHOSEN
    assert question == parse(question.query()), "the address that is left asks the same"


def test_a_great_depth_is_all():
    assert parse("dybde=99999").depth == impact.MOST_DEPTH
    assert parse("dybde=99999").problems == ()


# --- The answer ---------------------------------------------------------------------------------------------


def test_rows_tell_how_hard_how_far_and_why(world: dict[str, Any]):
    reply = ask("asset=CPR")
    assert [(r.facts.code, r.severity.name, r.distance) for r in reply.rows] == [
        ("KY", "CRITICAL", 2),
        ("SF1520", "CRITICAL", 1),
        ("CURA", "DEGRADED", 2),
        ("SP", "DEGRADED", 2),
        ("AULA", "MINOR", 3),
    ]
    ky = next(row for row in reply.rows if row.facts.code == "KY")
    assert [facts.code for facts in ky.path] == ["CPR", "SF1520", "KY"]
    assert (ky.department and ky.department.code, ky.word) == ("BMF", "Stopper")
    assert next(row for row in reply.rows if row.facts.code == "SP").in_part


def test_the_headline_counts_everything(world: dict[str, Any]):
    reply = ask("asset=CPR&betydning=critical&dybde=1")
    assert impact.headline(reply) == [
        "1 fagsystem stopper, 1 virker dårligere, og 1 mærker det lidt.",
        "Undervejs rammes 2 komponenter.",
        "1 fagsystem mærker det ikke.",
    ]
    assert impact.title(reply) == "Hvad rammes, hvis CPR-registret svigter?"


def test_hidden_rows_are_counted_as_what_one_more_click_shows(world: dict[str, Any]):
    reply = ask("asset=CPR&dybde=2&betydning=degraded")
    assert (len(reply.rows), reply.hidden_far, reply.hidden_mild, reply.hidden_both) == (4, 0, 0, 1)
    reply = ask("asset=CPR&dybde=1&betydning=degraded")
    assert (reply.hidden_far, reply.hidden_mild, reply.hidden_both) == (3, 0, 1)
    question = reply.question
    assert len(ask(question.query(depth=None)).rows) == len(reply.rows) + reply.hidden_far
    assert len(ask(question.query(least=Severity.MINOR)).rows) == len(reply.rows) + reply.hidden_mild
    everything = ask(question.query(depth=None, least=Severity.MINOR))
    assert len(everything.rows) == len(reply.rows) + reply.hidden
    assert {hit.key for hit in reply.hits} == {row.facts.key for row in reply.rows}


def test_upstream_is_what_one_leans_on(world: dict[str, Any]):
    reply = ask("asset=AULA&retning=op")
    assert sorted(codes(reply)) == ["CPR", "KY", "SF1520", "SP"]
    cpr = next(row for row in reply.rows if row.facts.code == "CPR")
    assert [facts.code for facts in cpr.path] == ["CPR", "SF1520", "KY", "AULA"], "from what fails"
    assert impact.headline(reply) == [
        "Aula hviler på 3 komponenter og 1 fagsystem.",
        "Svigter en af dem alene: 4 kan mærkes lidt.",
    ]
    assert impact.title(reply) == "Hvad hviler Aula på?"


def test_what_was_down_already_is_told_apart(world: dict[str, Any]):
    uses(world["cura"], world["aula"])
    reply = ask("asset=AULA&nede=CPR")
    assert [(r.facts.code, r.word_before, r.word) for r in reply.rows] == [
        ("CURA", "Virker dårligere", "Stopper")
    ]
    assert sorted(row.facts.code for row in reply.unchanged) == ["KY", "SF1520", "SP"]
    assert impact.headline(reply) == [
        "1 fagsystem mere stopper.",
        "1 fagsystem var ramt i forvejen.",
        "1 fagsystem mærker det ikke.",
    ]
    assert impact.headline_before(reply.unchanged) == "1 fagsystem og 2 komponenter er ramt i forvejen."


def test_what_more_is_hit_is_counted_in_danish(world: dict[str, Any]):
    for _ in range(3):
        uses(factories.system(), world["alone"], "degraded")
    assert impact.headline(ask("asset=ALENE&nede=CPR")) == [
        "3 flere fagsystemer virker dårligere.",
        "3 fagsystemer var ramt i forvejen.",
    ]
    assert impact.headline(ask("asset=KY&nede=CPR")) == [
        "Ydelsessystemet stopper allerede, fordi CPR-registret er nede.",
        "Ingen flere rammes.",
        "2 fagsystemer var ramt i forvejen.",
        "4 fagsystemer mærker det ikke.",
    ]


def test_one_that_stops_already_leans_on_nothing_more(world: dict[str, Any]):
    reply = ask("asset=KY&nede=CPR&retning=op")
    assert impact.headline(reply) == ["Ydelsessystemet stopper allerede, fordi CPR-registret er nede."]
    assert [facts.code for facts in reply.stopped] == ["KY"]
    assert reply.problems == ()
    assert impact.headline(ask("asset=KY&asset=ALENE&nede=CPR&retning=op")) == [
        "Ydelsessystemet stopper allerede, fordi CPR-registret er nede.",
        "Alene hviler ikke på noget, der er skrevet ind.",
    ]


def test_within_a_severity_fagsystemer_come_by_criticality(world: dict[str, Any]):
    for code, criticality in (("A", None), ("B", 2), ("C", 4)):
        uses(factories.system(code=code, criticality=criticality), world["register"])
    far = factories.system(code="FAR", criticality=3)
    uses(far, factories.component(code="AA", parent=world["register"]))
    assert codes(ask("asset=CPR&betydning=critical")) == ["C", "KY", "FAR", "B", "A", "AA", "SF1520"]


def test_upstream_tells_what_has_a_reserve(world: dict[str, Any]):
    other = factories.component(code="DF", name="Datafordeleren")
    group = AlternativeGroup.objects.create(source=world["alone"], name="CPR-opslag", needed=1)
    uses(world["alone"], world["service"], alternatives=group)
    uses(world["alone"], other, alternatives=group)
    reply = ask("asset=ALENE&retning=op")
    assert reply.rows == ()
    (reserve,) = reply.reserves
    assert (reserve.facts.code, reserve.name, reserve.needed) == ("ALENE", "CPR-opslag", 1)
    assert [facts.code for facts in reserve.members] == ["DF", "SF1520"]
    assert impact.headline(reply) == ["Svigter en enkelt, mærker Alene det ikke: alt har reserve."]
    reply = ask("asset=ALENE&retning=op&nede=CPR")
    assert (codes(reply), reply.reserves) == (["DF"], ()), "what is left is needed"
    assert ask("asset=SF1520").reserves == ()
    assert "1 har mistet en reserve." in impact.headline(ask("asset=SF1520"))


def test_chosen_and_down_at_once(world: dict[str, Any]):
    reply = ask("asset=CPR&nede=CPR")
    assert reply.down == ()
    assert "både som valgt og som allerede nede" in reply.problems[0]
    assert reply.question.query() == "asset=CPR&retning=ned"


def test_reduced_redundancy_has_names(world: dict[str, Any]):
    other = factories.component(code="DF", name="Datafordeleren")
    group = AlternativeGroup.objects.create(source=world["alone"], name="CPR-opslag", needed=1)
    uses(world["alone"], world["service"], alternatives=group)
    uses(world["alone"], other, alternatives=group)
    reply = ask("asset=SF1520")
    assert "ALENE" not in codes(reply)
    (row,) = reply.reduced
    assert (row.facts.code, row.name, row.standing, row.size, row.needed) == ("ALENE", "CPR-opslag", 1, 2, 1)
    assert [facts.code for facts in row.lost] == ["SF1520"]
    assert "ALENE" in codes(ask("asset=SF1520&asset=DF"))


def test_a_ring_through_the_failed_asset(world: dict[str, Any]):
    uses(world["register"], world["ky"])
    reply = ask("asset=CPR")
    assert "CPR" not in codes(reply)
    assert "KY" in codes(reply)


def test_nobody_uses_it(world: dict[str, Any]):
    reply = ask("asset=ALENE")
    assert reply.rows == ()
    assert impact.headline(reply) == ["Ingen andre rammes."]


@pytest.mark.parametrize("count", [1, 120])
def test_many_chosen_are_answered(world: dict[str, Any], count: int):
    made = [factories.component(code=f"K{n}") for n in range(count)]
    for component in made:
        uses(world["alone"], component)
    reply = ask("asset=" + ",".join(component.code for component in made))
    assert codes(reply) == ["ALENE"]
    assert len(reply.failed) == min(count, impact.MOST_CHOSEN)


# --- What is not there --------------------------------------------------------------------------------------


def test_an_unknown_code_is_told_with_what_was_meant(world: dict[str, Any]):
    reply = ask("asset=CURAA&asset=KY")
    assert [facts.code for facts in reply.failed] == ["KY"]
    assert reply.problems == ("«CURAA» findes ikke.",)
    assert [facts.code for facts in reply.meant["CURAA"]] == ["CURA"]
    assert "Se efter på listerne" in ask("asset=qqqqqqqq").problems[0]
    assert reply.unknown == ("CURAA",)
    assert "CURAA" not in reply.question.query()
    assert "findes ikke" in ask("asset=" + "x" * 5000).problems[0]
    assert len(ask("asset=" + "x" * 5000).problems[0]) < 200
    assert ask("asset=%00").problems == ()


def test_an_exact_name_will_do(world: dict[str, Any]):
    assert ask("asset=cpr-REGISTRET").question.assets == ("CPR",)
    factories.system(code="AULA2", name="Aula")
    factories.system(code="KRYDS", name="Begge veje")
    assert ask("asset=begge+veje").question.assets == ("KRYDS",)
    factories.system(code="KRYDS2", name="Begge veje")
    reply = ask("asset=begge+veje")
    assert reply.failed == ()
    assert "Flere hedder «begge veje». Skriv koden i stedet, fx KRYDS eller KRYDS2." in reply.problems


def test_an_archived_one_is_told_with_when_and_why(world: dict[str, Any]):
    Asset.objects.filter(code="CURA").update(
        archived_at=datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC), archive_reason="Afløst af Nexus."
    )
    assert ask("asset=CURA").problems == ("Cura (CURA) er arkiveret 3. maj 2026: Afløst af Nexus.",)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lifecycle": "planned"}, "den er kun planlagt"),
        ({"lifecycle": "retired"}, "den er udfaset"),
        ({"retired_from": datetime.date(2020, 1, 1)}, "den sluttede 1. jan. 2020"),
        ({"active_from": datetime.date(2150, 1, 1)}, "den begynder 1. jan. 2150"),
    ],
)
def test_one_that_is_not_in_operation(world: dict[str, Any], values: dict[str, Any], words: str):
    Asset.objects.filter(code="CPR").update(**values)
    reply = ask("asset=CPR")
    assert reply.rows == ()
    assert [facts.code for facts in reply.idle] == ["CPR"]
    assert words in reply.problems[0]
    assert impact.headline(reply) == ["Der er intet svar, for det valgte er ikke i drift den dag."]
    down = ask("asset=KY&nede=CPR")
    assert down.down == ()
    assert "ikke regnet som nede" in down.problems[0]


def test_dates_before_the_history_and_far_ahead(world: dict[str, Any]):
    Dependency.objects.filter(source__code="KY").update(since=datetime.date(2020, 1, 1))
    assert "KY" not in codes(ask("asset=SF1520&dato=2019-12-31"))
    assert "KY" in codes(ask("asset=SF1520&dato=01-01-2020"))
    assert "KY" in codes(ask("asset=SF1520&dato=2199-01-01"))


# --- Export -------------------------------------------------------------------------------------------------


def test_rows_are_exported_by_machine_names(world: dict[str, Any]):
    rows = {row["code"]: row for row in impact.export_rows(ask("asset=CPR"))}
    assert tuple(rows["KY"]) == impact.EXPORTED
    assert rows["KY"] == {
        "code": "KY",
        "name": "Ydelsessystemet",
        "kind": "system",
        "department": "BMF",
        "severity": "critical",
        "distance": 2,
        "path": "CPR > SF1520 > KY",
    }
    assert rows["SP"]["department"] == ""
