"""``load_demo``: the landscape, its people and who has which role, without a trace on what people edited."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from foi_portal.core.models import Change, User
from foi_portal.core.permissions import may
from registry.models import Asset, Component, Dependency, System
from roles.coverage import State
from roles.models import Absence, Assignment, Person, Role, RoleEdition
from roles.occupancy import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEBUG = True
    call_command("load_demo", stdout=io.StringIO())


def again() -> str:
    out = io.StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_it_is_the_published_landscape_and_five_users(demo):
    assert (Component.objects.count(), System.objects.count(), Dependency.objects.count()) == (137, 61, 289)
    assert Component.objects.get(code="MITID").aliases == "NemID"
    assert Asset.objects.filter(version__gt=2).count() == 0
    assert User.objects.count() == 5
    karin = User.objects.get(username="foi")
    assert (str(karin), karin.check_password("foi-demo-2026"), karin.is_staff) == ("Karin Toft", True, True)
    assert may(karin, "add", Component)
    assert not may(User.objects.get(username="laeser"), "add", Component)


def test_the_coverage_has_every_state_and_users_are_people(demo):
    day = at(timezone.localdate())
    states = Counter(cover.state for _, _, cover in day.everything())
    assert set(states) == set(State)
    assert states[State.FILLED] > sum(states.values()) / 2
    assert (states[State.EXPIRING], states[State.LEFT]) == (2, 1)
    away = Absence.objects.ongoing(day.on).get()
    posts = [post for rows in day.roster.posts.values() for post in rows if post.person == away.person_id]
    assert any(day.roster.standing_in(post, day.on) for post in posts)
    assert {p.user.username: p.name for p in Person.objects.exclude(user=None)} == {
        "foi": "Karin Toft",
        "system": "Lone Friis",
        "chef": "Helle Damgaard",
        "laeser": "Sofie Lind",
    }
    lone = Assignment.objects.filter(person__name="Lone Friis", role__code="SYSTEMANSV")
    assert set(lone.values_list("asset__code", flat=True)) == {"KY", "KSD", "CURA"}
    assert (RoleEdition.objects.get().name, Role.objects.count()) == ("Rollekatalog 2026", 47)
    written = Change.objects.filter(table__startswith="roles_")
    assert set(written.values_list("reason", flat=True)) == {"Demonstrationsdata"}


def test_loading_it_again_leaves_no_trace_in_the_history(demo):
    written = Change.objects.count()
    assert "(0 rækker oprettet)" in again()
    assert Change.objects.count() == written


def test_loading_it_again_leaves_what_people_edited_and_brings_back_what_is_missing(demo):
    System.objects.filter(code="CURA").update(name="Cura, rettet")
    Dependency.objects.filter(target__code="KLE").delete()  # which no agreement is about
    now = timezone.now()
    Person.objects.filter(name="Tina Bro").update(email="tb@example.org")
    karin = Person.objects.get(name="Karin Toft")
    Person.objects.filter(name="Jonas Birk").update(name="J. Birk")
    Person.objects.filter(name="Mads Riis").update(merged_into=karin, archived_at=now)
    Assignment.objects.filter(person__name="Mads Riis").update(person=karin)
    mistake = Assignment.objects.filter(role__code="DPO").order_by("pk")[0]
    Assignment.objects.filter(pk=mistake.pk).update(archived_at=now)
    gone = Assignment.objects.filter(role__code="ITARK").order_by("pk")[0]
    gone.delete()
    people, assignments = Person.objects.count(), Assignment.objects.count()
    again()
    assert System.objects.get(code="CURA").name == "Cura, rettet"
    assert Dependency.objects.count() == 289
    assert (Person.objects.count(), Assignment.objects.count()) == (people, assignments + 1)
    assert Assignment.objects.filter(role=gone.role, asset=gone.asset, person=gone.person).exists()


def test_it_is_refused_outside_debug(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("load_demo")
    assert not User.objects.exists()
