"""Users and groups in the administration: rights by group, nobody deleted, no password in the history."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foi_portal.core import history
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, READER
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "en-ny-hemmelighed-2026"


def administrator() -> Client:
    return factories.client(ADMINISTRATOR, is_staff=True, first_name="Åse")


def address(obj: User | Group, verb: str = "change") -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{verb}", args=[obj.pk])


def filled(browser: Client, user: User) -> dict[str, str | list[str]]:
    """What a browser sends from the user's form when nothing is touched."""
    version = browser.get(address(user)).context["version"]
    data: dict[str, str | list[str]] = {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "groups": [str(group.pk) for group in user.groups.all()],
        "version": str(version),
    }
    return data | {name: "on" for name in ("is_active", "is_staff") if getattr(user, name)}


def resolved(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    fields += re.findall(r'<input type="radio"[^>]* name="([^"]+)" value="([^"]*)" checked>', page)
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def test_a_user_is_made_given_a_group_and_made_inactive() -> None:
    browser = administrator()
    new = {"username": "ny", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post(reverse("admin:core_user_add"), new | {"reason": "Ny i enheden"})
    assert answer.status_code == 302, answer.context["errors"]
    user = User.objects.get(username="ny")
    group = Group.objects.get(name=READER)
    done = browser.post(address(user), filled(browser, user) | {"groups": [str(group.pk)], "reason": "Læser"})
    assert done.status_code == 302
    assert list(user.groups.all()) == [group]
    assert user.has_perm("registry.view_system")
    data = filled(browser, user)
    del data["is_active"]
    assert browser.post(address(user), data).status_code == 302
    assert not User.objects.get(username="ny").is_active
    reasons = history.changes_of(user).values_list("reason", flat=True)
    assert {"Ny i enheden", "Læser"} <= set(reasons)


def test_no_password_ever_gets_into_the_history() -> None:
    browser = administrator()
    user = factories.user()
    old = user.password
    new = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    before = Change.objects.count()
    answer = browser.post(reverse("admin:auth_user_password_change", args=[user.pk]), new)
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert Change.objects.count() == before
    written = str(list(Change.objects.values("before", "after")))
    assert "password" not in written
    assert old not in written
    assert user.password not in written
    assert user.password not in browser.get(address(user)).content.decode()


def test_users_are_never_deleted() -> None:
    browser = administrator()
    user, group = factories.user(), Group.objects.get(name=READER)
    for row in (user, group):
        assert browser.post(address(row, "delete"), {"post": "yes"}).status_code == 403
        changelist = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
        browser.post(
            changelist, {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
        )
    assert User.objects.filter(pk=user.pk).exists()
    assert Group.objects.filter(pk=group.pk).exists()


def test_foi_cannot_see_users_or_their_history() -> None:
    user = factories.user(first_name="Hemmelig")
    foi = factories.client(FOI, is_staff=True)
    for verb in ("change", "history"):
        assert foi.get(address(user, verb)).status_code == 403
    change = history.changes_of(user).first()
    assert change is not None
    assert foi.get(reverse("admin:core_change_change", args=[change.pk])).status_code == 302
    assert "Hemmelig" not in foi.get(reverse("admin:core_change_changelist")).content.decode()
    assert foi.get(reverse("changeset", args=[change.change_set])).status_code == 404
    anna = administrator()
    assert "Hemmelig" in anna.get(address(user, "history")).content.decode()
    assert "Hemmelig" in anna.get(reverse("admin:core_change_changelist")).content.decode()


def test_the_form_gives_no_rights_but_by_groups() -> None:
    browser = administrator()
    user = factories.user()
    data = filled(browser, user) | {"is_superuser": "on", "user_permissions": ["1"]}
    assert browser.post(address(user), data).status_code == 302
    user.refresh_from_db()
    assert not user.is_superuser
    assert user.user_permissions.count() == 0


def test_only_a_superuser_changes_a_superuser() -> None:
    browser = administrator()
    boss = factories.user(is_superuser=True)
    data = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert browser.post(reverse("admin:auth_user_password_change", args=[boss.pk]), data).status_code == 403
    assert browser.post(address(boss), {"username": "taget"}).status_code == 403


def test_two_administrators_on_one_user_get_the_conflict_page() -> None:
    reader, foi = Group.objects.get_or_create(name=READER)[0], Group.objects.get_or_create(name=FOI)[0]
    user = factories.user(first_name="Før", email="a@example.dk")
    anna, bo = administrator(), administrator()
    first, second = filled(anna, user), filled(bo, user)
    done = anna.post(address(user), first | {"first_name": "Annas", "groups": [str(reader.pk), str(foi.pk)]})
    assert done.status_code == 302
    refused = bo.post(address(user), second | {"first_name": "Bos", "email": "b@example.dk", "is_active": ""})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "I har begge rettet" in page
    assert user.password not in page
    data = resolved(page)
    assert "password" not in data
    assert bo.post(address(user), data | {"first_name": "Bos"}).status_code == 302
    user = User.objects.get(pk=user.pk)
    assert (user.first_name, user.email, user.is_active) == ("Bos", "b@example.dk", False)
    assert set(user.groups.all()) == {reader, foi}  # hers, whom he had not touched


def test_a_group_changed_by_both_is_chosen_on_the_conflict_page() -> None:
    reader, foi = Group.objects.get_or_create(name=READER)[0], Group.objects.get_or_create(name=FOI)[0]
    user = factories.user()
    browser = administrator()
    data = filled(browser, user)
    user.groups.add(reader)
    refused = browser.post(address(user), data | {"groups": [str(foi.pk)]})
    assert refused.status_code == 409
    assert f'value="{foi.pk}"' in refused.content.decode()
    assert resolved(refused.content.decode())["groups"] == str(reader.pk)
    assert browser.post(address(user), data).status_code == 409
    chosen = resolved(refused.content.decode()) | {"groups": str(foi.pk)}
    assert browser.post(address(user), chosen).status_code == 302
    user.refresh_from_db()
    assert list(user.groups.all()) == [foi]
    assert user.is_active  # a tick nobody touched


def test_a_missing_version_is_a_conflict_for_users_and_groups() -> None:
    browser = administrator()
    user, group = factories.user(first_name="Før"), Group.objects.get(name=READER)
    assert browser.post(address(user), {"username": user.username, "first_name": "Nu"}).status_code == 409
    assert browser.post(address(group), {"permissions": []}).status_code == 409
    assert group.permissions.exists()


def test_the_portals_groups_keep_their_names_and_rights() -> None:
    """Every migration sets them again, so a change made here would be lost without a word."""
    browser = administrator()
    group = Group.objects.get(name=READER)
    before = set(group.permissions.all())
    page = browser.get(address(group))
    data = {"name": "Andet", "permissions": [], "version": str(page.context["version"])}
    assert browser.post(address(group), data).status_code == 302
    group.refresh_from_db()
    assert (group.name, set(group.permissions.all())) == (READER, before)


def test_other_groups_are_free_and_their_rights_speak_danish() -> None:
    browser = administrator()
    group = Group.objects.create(name="Praktikanter")
    page = browser.get(address(group))
    assert "fagsystemer: rette" in page.content.decode()
    assert "delete" not in str(page.context["adminform"].form["permissions"])
    kept = [str(pk) for pk in Group.objects.get(name=READER).permissions.values_list("pk", flat=True)]
    data = {"name": "Andet", "permissions": kept[:1], "version": str(page.context["version"])}
    assert browser.post(address(group), data).status_code == 302
    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("Andet", 1)


def test_users_are_listed_in_danish_order_with_constant_queries() -> None:
    browser = administrator()
    where = reverse("admin:core_user_changelist")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(where).status_code == 200
        return len(queries)

    for name in ("Ærling", "Zenia", "bo"):
        factories.user(READER, first_name=name)
    small = count()
    for _ in range(12):
        factories.user(FOI, first_name="Xander")
    assert count() == small
    names = [user.first_name for user in browser.get(where).context["cl"].result_list]
    assert names == ["bo", *["Xander"] * 12, "Zenia", "Ærling", "Åse"]
