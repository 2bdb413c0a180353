"""Cases worked by hand: small landscapes drawn in text, and every hit that they must give.

A line of a drawing: ``KY => SP`` KY stops without SP, ``KY -> SP`` works worse, ``KY .> SP`` hardly feels it;
``KY => 1 of A B`` one of A and B is enough; ``M in SP`` M is a module of SP; ``KY`` alone: there is such an asset.
"""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from registry import landscape
from registry.graph import Answer, Edge, Graph, Node, Reduced, Severity
from tests import factories
from tests.days import day, written

CRITICAL, DEGRADED, MINOR = Severity.CRITICAL, Severity.DEGRADED, Severity.MINOR
ARROWS = {"=>": CRITICAL, "->": DEGRADED, ".>": MINOR}

Expected = tuple[str, Severity, int, str]  # code, severity, distance, path


class Drawing:
    """A drawing, asked and answering in codes. ``criticality`` by code; codes that begin with S are fagsystemer."""

    def __init__(self, text: str, criticality: dict[str, int] | None = None) -> None:
        lines = [line.split() for line in text.strip().splitlines()]
        codes = {word for line in lines for word in line if word.isupper()}
        self.key = {code: 100 - at for at, code in enumerate(sorted(codes))}  # keys go against the codes
        parents = {line[0]: line[2] for line in lines if line[1:2] == ["in"]}
        needed, edges = {}, []
        for number, (source, *rest) in enumerate(lines):
            if rest and rest[0] in ARROWS:
                arrow, *targets = rest
                group = None
                if targets[1:2] == ["of"]:
                    group, needed[number] = number, int(targets[0])
                    targets = targets[2:]
                edges += [Edge(self.key[source], self.key[t], ARROWS[arrow], group) for t in targets]
        nodes = [
            Node(
                self.key[code],
                code,
                self.key.get(parents.get(code, "")),
                (criticality or {}).get(code),
                code.startswith("S"),
            )
            for code in codes
        ]
        self.graph = Graph(nodes, edges, needed)

    def keys(self, codes: str) -> list[int]:
        return [self.key.get(code, 0) for code in codes.split()]

    def codes(self, keys: Any) -> str:
        code = {key: code for code, key in self.key.items()}
        return " ".join(code[key] for key in keys)

    def impact(self, failed: str, already: str = "") -> list[Expected]:
        return self.told(self.graph.impact(self.keys(failed), self.keys(already)))

    def upstream(self, assets: str, already: str = "") -> list[Expected]:
        return self.told(self.graph.upstream(self.keys(assets), self.keys(already)))

    def told(self, answer: Answer) -> list[Expected]:
        return [
            (self.codes([hit.key]), hit.severity, hit.distance, self.codes(hit.path)) for hit in answer.hits
        ]


class Case(NamedTuple):
    name: str
    drawing: str
    failed: str
    hits: list[Expected]


# Six of the ten; upstream is in TestUpstream, and what needs the database (planned, ended, past) in TestDates.
CASES = [
    Case(
        "a cycle through the failed asset ends there",
        """
        A => B
        B => C
        C => A
        """,
        "A",
        [("C", CRITICAL, 1, "A C"), ("B", CRITICAL, 2, "A C B")],
    ),
    Case(
        # The short way is weak and the long one strong: severity by the strong, distance by the short.
        "a diamond: the strongest way tells the severity, the shortest the distance",
        """
        TOP .> BASE
        TOP => LEFT
        TOP => RIGHT
        LEFT => BASE
        RIGHT => BASE
        """,
        "BASE",
        [
            ("LEFT", CRITICAL, 1, "BASE LEFT"),
            ("RIGHT", CRITICAL, 1, "BASE RIGHT"),
            ("TOP", CRITICAL, 1, "BASE LEFT TOP"),
        ],
    ),
    Case(
        "a weak edge weakens all behind it",
        """
        NEAR -> BASE
        FAR => NEAR
        FARTHER .> FAR
        LAST => FARTHER
        """,
        "BASE",
        [
            ("NEAR", DEGRADED, 1, "BASE NEAR"),
            ("FAR", DEGRADED, 2, "BASE NEAR FAR"),
            ("FARTHER", MINOR, 3, "BASE NEAR FAR FARTHER"),
            ("LAST", MINOR, 4, "BASE NEAR FAR FARTHER LAST"),
        ],
    ),
    Case(
        "one of two alternatives lost hits nobody",
        """
        SKY => 1 of CPR KOPI
        SBY => SKY
        """,
        "CPR",
        [],
    ),
    Case(
        # MOD fails: SP in part; its user, and the platform above, feel it; its other module does not.
        "a module that fails hits its platform in part, and nothing beside itself",
        """
        MOD in SP
        OTHER in SP
        SP in CLOUD
        BESIDE in CLOUD
        SKY => SP
        SBY => OTHER
        """,
        "MOD",
        [
            ("SP", DEGRADED, 1, "MOD SP"),
            ("CLOUD", DEGRADED, 2, "MOD SP CLOUD"),
            ("SKY", DEGRADED, 2, "MOD SP SKY"),
        ],
    ),
    Case(
        "a platform that fails hits its modules as hard",
        """
        MOD in SP
        INNER in MOD
        SKY -> SP
        SBY => INNER
        """,
        "SP",
        [
            ("MOD", CRITICAL, 1, "SP MOD"),
            ("INNER", CRITICAL, 2, "SP MOD INNER"),
            ("SBY", CRITICAL, 3, "SP MOD INNER SBY"),
            ("SKY", DEGRADED, 1, "SP SKY"),
        ],
    ),
    Case(
        "two failed assets: each hit is told by the best way from either",
        """
        SKY -> A
        SKY => X
        X => B
        SBY => B
        """,
        "A B",
        [
            ("SBY", CRITICAL, 1, "B SBY"),
            ("SKY", CRITICAL, 1, "B X SKY"),
            ("X", CRITICAL, 1, "B X"),
        ],
    ),
    # Beyond the table
    Case("an asset without edges hits nobody", "ALONE\nSKY => SP", "ALONE", []),
    Case("unknown keys are passed over", "SKY => SP", "SP NOBODY", [("SKY", CRITICAL, 1, "SP SKY")]),
    Case("nothing but unknown keys", "SKY => SP", "NOBODY", []),
    Case(
        "equal ways are told by code",
        """
        TOP => B
        TOP => A
        A => BASE
        B => BASE
        """,
        "BASE",
        [
            ("A", CRITICAL, 1, "BASE A"),
            ("B", CRITICAL, 1, "BASE B"),
            ("TOP", CRITICAL, 2, "BASE A TOP"),
        ],
    ),
    Case(
        "a loop among parents ends",
        """
        A in B
        B in A
        SKY => B
        """,
        "A",
        [("B", CRITICAL, 1, "A B"), ("SKY", CRITICAL, 2, "A B SKY")],
    ),
    Case(
        # X fails A entirely and B a little: at CRITICAL one stands, at MINOR none.
        "two alternatives lost at different severities hit by the milder",
        """
        SKY => 1 of A B
        A => X
        B .> X
        """,
        "X",
        [("A", CRITICAL, 1, "X A"), ("B", MINOR, 1, "X B"), ("SKY", MINOR, 2, "X A SKY")],
    ),
    Case(
        "both alternatives lost: the way is through the one that tipped it",
        """
        SKY => 1 of A B
        A => X
        B => FAR
        FAR => X
        """,
        "X",
        [
            ("A", CRITICAL, 1, "X A"),
            ("FAR", CRITICAL, 1, "X FAR"),
            ("B", CRITICAL, 2, "X FAR B"),
            ("SKY", CRITICAL, 3, "X FAR B SKY"),
        ],
    ),
    Case(
        "two of three needed: the second loss tips it",
        "SKY => 2 of A B C",
        "A C",
        [("SKY", CRITICAL, 1, "A SKY")],
    ),
    Case(
        "a group with fewer members than needed needs them all",
        "SKY => 3 of A B",
        "B",
        [("SKY", CRITICAL, 1, "B SKY")],
    ),
    Case(
        "an alternative that is used for itself too",
        "SKY => 1 of A B\nSKY -> A",
        "A",
        [("SKY", DEGRADED, 1, "A SKY")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case):
    assert Drawing(case.drawing).impact(case.failed) == case.hits


class TestUpstream:
    def test_it_is_what_one_leans_on(self):
        drawing = Drawing(
            """
            SKY => MOD
            MOD in SP
            SKY -> DATA
            SP => NET
            SBY => SKY
            """
        )
        assert drawing.upstream("SKY") == [
            ("MOD", CRITICAL, 1, "MOD SKY"),
            ("SP", CRITICAL, 2, "SP MOD SKY"),
            ("NET", CRITICAL, 3, "NET SP MOD SKY"),
            ("DATA", DEGRADED, 1, "DATA SKY"),
        ]

    def test_it_finds_the_common_cause_of_both_alternatives(self):
        drawing = Drawing(
            """
            SKY => 1 of A B
            A => NET
            B => ROUTE
            ROUTE => NET
            """
        )
        assert drawing.upstream("SKY") == [("NET", CRITICAL, 3, "NET ROUTE B SKY")]

    def test_it_finds_a_cause_that_is_milder_to_one_of_them(self):
        drawing = Drawing("SKY => 1 of A B\nA => NET\nB -> NET")
        assert drawing.upstream("SKY") == [("NET", DEGRADED, 2, "NET A SKY")]

    def test_with_one_alternative_down_one_leans_on_the_other(self):
        drawing = Drawing("SKY => 1 of A B\nA => NET\nB => ROUTE")
        assert drawing.upstream("SKY") == []
        assert drawing.upstream("SKY", already="NET") == [
            ("B", CRITICAL, 1, "B SKY"),
            ("ROUTE", CRITICAL, 2, "ROUTE B SKY"),
        ]

    def test_what_is_stopped_already_leans_on_nothing_more(self):
        assert Drawing("SKY => SP\nSKY => NET").upstream("SKY", already="SP") == []

    def test_of_several_it_is_the_best_way_to_any(self):
        drawing = Drawing("SKY -> NET\nSBY => ROUTE\nROUTE => NET")
        assert drawing.upstream("SKY SBY") == [
            ("NET", CRITICAL, 1, "NET ROUTE SBY"),
            ("ROUTE", CRITICAL, 1, "ROUTE SBY"),
        ]

    def test_a_platform_leans_on_its_modules_in_part(self):
        drawing = Drawing("MOD in SP\nSP => NET\nMOD => NET")
        hits = {drawing.codes([hit.key]): hit for hit in drawing.graph.upstream(drawing.keys("SP")).hits}
        assert (hits["MOD"].severity, hits["MOD"].in_part) == (DEGRADED, True)
        assert (hits["NET"].severity, hits["NET"].in_part) == (CRITICAL, False)

    def test_those_beyond_the_bound_are_counted(self, monkeypatch):
        drawing = Drawing("SKY => 1 of A B\nA => NET\nB => NET")
        monkeypatch.setattr("registry.graph.MOST_STEPS", 1)
        answer = drawing.graph.upstream(drawing.keys("SKY"))
        assert (answer.hits, answer.unresolved) == ((), 1)


class TestAlternativesAndWhatIsDown:
    def test_a_group_that_has_lost_some_is_told(self):
        drawing = Drawing("SKY => 1 of A B C")
        assert drawing.graph.impact(drawing.keys("B A")).reduced == (
            Reduced(drawing.key["SKY"], 0, tuple(drawing.keys("A B")), standing=1, needed=1),
        )
        assert drawing.graph.impact(drawing.keys("A B C")).reduced == ()
        assert drawing.graph.impact(drawing.keys("A SKY")).reduced == ()

    def test_what_is_down_already_takes_the_alternative_away(self):
        drawing = Drawing("SKY => 1 of A B")
        assert drawing.impact("A") == []
        assert drawing.impact("A", already="B") == [("SKY", CRITICAL, 1, "A SKY")]

    def test_how_hard_it_was_hit_before_is_told(self):
        drawing = Drawing("SKY -> OLD\nSKY => NEW\nSBY => OLD\nSCY => NEW")
        answer = drawing.graph.impact(drawing.keys("NEW"), already=drawing.keys("OLD"))
        assert {drawing.codes([hit.key]): (hit.severity, hit.before) for hit in answer.hits} == {
            "SKY": (CRITICAL, DEGRADED),
            "SBY": (CRITICAL, CRITICAL),
            "SCY": (CRITICAL, None),
        }


class TestFindings:
    def test_criticality_is_inherited_along_critical_ways_only(self):
        drawing = Drawing(
            """
            SKY => SP
            SBY -> SP
            SP => NET
            MOD in SP
            """,
            {"SKY": 3, "SBY": 4, "NET": 1, "MOD": 2},
        )
        assert drawing.graph.inherited == {drawing.key["SP"]: 3, drawing.key["NET"]: 3}

    def test_an_alternative_is_no_single_point_but_its_common_cause_is(self):
        drawing = Drawing("SKY => 1 of A B\nA => NET\nB => NET\nSBY => SKY\nSBY => A")
        points = {drawing.codes([key]): n for key, n in drawing.graph.single_points().items()}
        assert points == {"NET": 2, "A": 1, "SKY": 1}
        assert drawing.codes(drawing.graph.single_points(at_least=2)) == "NET"
        assert drawing.codes(drawing.graph.single_points(among=drawing.keys("SKY"))) == "NET"
        assert drawing.codes(drawing.graph.stopped_by(drawing.key["NET"])) == "A B SBY SKY"

    def test_rings_chains_and_the_unused(self):
        drawing = Drawing(
            """
            SKY => B
            B => A
            A => C
            C => B
            A => NET
            MOD in NET
            IDLE
            SLONE
            """
        )
        graph = drawing.graph
        assert [drawing.codes(ring) for ring in graph.cycles()] == ["A C B A"]
        assert [drawing.codes(keys) for keys in graph.cycle_members()] == ["A B C"]
        assert drawing.codes(graph.longest_chain()) == "SKY B A NET"  # A leans on NET, not B
        assert drawing.codes(graph.unused()) == "IDLE MOD"
        assert drawing.codes(graph.isolated()) == "SLONE"

    def test_of_chains_as_long_the_first_by_code_is_told(self):
        drawing = Drawing("SKY => B\nSKY => A\nSLY => A")
        assert drawing.codes(drawing.graph.longest_chain()) == "SKY A"

    def test_an_empty_graph_has_empty_answers(self):
        graph = Graph([], [])
        assert graph.impact([1]) == graph.upstream([1]) == graph.upstream([1], [2]) == Answer(())
        assert (graph.inherited, graph.single_points(), graph.unused(), graph.isolated()) == ({}, {}, [], [])
        assert (graph.cycles(), graph.cycle_members(), graph.longest_chain()) == ([], [], ())


@pytest.mark.django_db
class TestDates:
    """Planned, ended and past: what is live on the date, from the database."""

    @staticmethod
    def hits(failed: str, on: datetime.date | None = None) -> list[Expected]:
        found = landscape.at(on)
        return [
            (found.code(hit.key), hit.severity, hit.distance, " ".join(map(found.code, hit.path)))
            for hit in found.graph.impact([found.by_code[failed]]).hits
        ]

    @pytest.mark.parametrize("status", ["planned", "in_progress", "ended"])
    def test_a_dependency_that_is_not_live_by_status_carries_nothing(self, status):
        ky, sp = factories.system(code="KY"), factories.component(code="SP")
        factories.dependency(source=ky, target=sp, importance="critical", status=status)
        assert self.hits("SP") == []

    @pytest.mark.parametrize("status", ["active", "phasing_out"])
    def test_a_dependency_carries_within_its_period(self, status):
        """since .. until is half-open: the day ``until`` is the first without it."""
        today = timezone.localdate()
        since, until = today + datetime.timedelta(days=10), today + datetime.timedelta(days=20)
        ky, sp = factories.system(code="KY"), factories.component(code="SP")
        factories.dependency(
            source=ky, target=sp, importance="critical", status=status, since=since, until=until
        )
        hit = [("KY", CRITICAL, 1, "SP KY")]
        one = datetime.timedelta(days=1)
        assert [self.hits("SP", on) for on in (since - one, since, until - one, until)] == [[], hit, hit, []]

    @pytest.mark.parametrize("lifecycle", ["planned", "retired"])
    def test_an_asset_that_is_not_in_operation_carries_nothing(self, lifecycle):
        """KY => SP => NET, and SP is not there."""
        ky, net = factories.system(code="KY"), factories.component(code="NET")
        sp = factories.component(code="SP", lifecycle=lifecycle)
        factories.dependency(source=ky, target=sp, importance="critical")
        factories.dependency(source=sp, target=net, importance="critical")
        assert self.hits("NET") == []
        assert self.hits("SP") == []

    def test_an_ended_alternative_is_none(self):
        """KY => 1 of A, B; B's dependency has ended, so A is needed."""
        ky, a, b = factories.system(code="KY"), factories.component(code="A"), factories.component(code="B")
        group = factories.alternatives(ky, a, b)
        assert self.hits("A") == []
        group.members.filter(target=b).update(status="ended")
        assert self.hits("A") == [("KY", CRITICAL, 1, "A KY")]

    def test_an_archived_group_is_no_group(self):
        ky, a, b = factories.system(code="KY"), factories.component(code="A"), factories.component(code="B")
        group = factories.alternatives(ky, a, b)
        group.archived_at = timezone.now()
        group.save()
        assert self.hits("A") == [("KY", CRITICAL, 1, "A KY")]

    def test_an_earlier_day_is_answered_as_it_was_written_then(self):
        """1 October: KY -> SP, 10 October: KY => SP, 20 October: KY leans on NET instead."""
        with written("2026-10-01"):
            ky, sp, net = (
                factories.system(code="KY"),
                factories.component(code="SP"),
                factories.component(code="NET"),
            )
            link = factories.dependency(source=ky, target=sp, importance="degraded")
        with written("2026-10-10"):
            link.importance = "critical"
            link.save()
        with written("2026-10-20"):
            link.refresh_from_db()
            link.status = "ended"
            link.save()
            factories.dependency(source=ky, target=net, importance="minor")
        assert self.hits("SP", day("2026-10-01")) == [("KY", DEGRADED, 1, "SP KY")]
        assert self.hits("SP", day("2026-10-15")) == [("KY", CRITICAL, 1, "SP KY")]
        assert self.hits("NET", day("2026-10-15")) == []
        assert self.hits("SP", day("2026-10-20")) == []
        assert self.hits("NET", day("2026-10-20")) == [("KY", MINOR, 1, "NET KY")]

    def test_a_group_of_alternatives_is_as_it_was_too(self):
        with written("2026-10-01"):
            ky, a, b = (
                factories.system(code="KY"),
                factories.component(code="A"),
                factories.component(code="B"),
            )
            group = factories.alternatives(ky, a, b)
        with written("2026-10-10"):
            group.needed = 2
            group.save()
        assert self.hits("A", day("2026-10-05")) == []
        assert self.hits("A", day("2026-10-10")) == [("KY", CRITICAL, 1, "A KY")]

    def test_before_the_history_begins_the_periods_written_now_answer(self):
        with written("2026-10-01"):
            ky, sp = factories.system(code="KY"), factories.component(code="SP")
            factories.dependency(source=ky, target=sp, importance="critical", since=day("2020-01-01"))
        assert self.hits("SP", day("2019-12-31")) == []
        assert self.hits("SP", day("2020-01-01")) == [("KY", CRITICAL, 1, "SP KY")]
        assert landscape.at(day("2020-01-01")).source is landscape.Source.PERIODS
