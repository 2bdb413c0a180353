"""Guesses at passwords: counted before the hasher, in the database, the same for every name."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.utils import timezone

from foi_portal.core.models import SignInFailure
from foi_portal.core.signin import PER_ADDRESS, PER_NAME, WINDOW, client_address
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
LOGIN = "/konto/login/"
RIGHT = "en-lang-adgangskode"
WRONG = "forkert"


@pytest.fixture(autouse=True)
def mette():
    user = factories.user(username="mette")
    user.set_password(RIGHT)
    user.save()
    return user


def sign_in(name: str = "mette", password: str = WRONG, address: str = "192.0.2.1", **headers: Any) -> Any:
    client = Client(REMOTE_ADDR=address)
    return client.post(LOGIN, {"username": name, "password": password}, **headers)


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """What the hasher was given."""
    seen: list[str] = []
    encode: Callable[..., str] = MD5PasswordHasher.encode

    def noted(self: Any, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    return seen


@pytest.mark.parametrize("name", ["mette", "ingen"])
def test_the_sixth_guess_is_refused_unhashed_whoever_it_is(name, hashed):
    assert [sign_in(name).status_code for _ in range(PER_NAME)] == [200] * PER_NAME
    before = len(hashed)
    answer = sign_in(name, RIGHT)
    assert answer.status_code == 429
    assert len(hashed) == before
    page = answer.content.decode()
    hour, minute = re.search(r"Prøv igen kl\. (\d\d)\.(\d\d)\.", page).groups()
    local = timezone.localtime(SignInFailure.objects.earliest("at").at + WINDOW + timedelta(minutes=1))
    assert (int(hour), int(minute)) == (local.hour, local.minute)
    assert 0 < int(answer["Retry-After"]) <= WINDOW.total_seconds()
    assert "no-store" in answer["Cache-Control"]


def test_a_refusal_writes_nothing():
    for _ in range(PER_NAME + 3):
        sign_in()
    assert SignInFailure.objects.count() == PER_NAME


def test_the_table_does_not_hold_what_was_typed():
    sign_in("Min-Hemmelige-Kode")
    row = SignInFailure.objects.get()
    assert "hemmelig" not in f"{row.name}{row}".lower()


def test_spelling_the_name_another_way_does_not_help():
    for name in ("mette", " mette", "METTE", "ｍette", "mette "):
        assert sign_in(name).status_code == 200
    assert sign_in("mette").status_code == 429


def test_others_and_other_addresses_are_let_in():
    factories.user(username="per")
    for _ in range(PER_NAME):
        sign_in()
    assert sign_in("per").status_code == 200
    assert sign_in(password=RIGHT, address="192.0.2.2").status_code == 302


def test_a_right_password_clears_the_count_of_that_name_and_address():
    for _ in range(PER_NAME - 1):
        sign_in()
    sign_in(address="192.0.2.2")
    sign_in("per")
    assert sign_in(password=RIGHT).status_code == 302
    assert SignInFailure.objects.count() == 2
    assert sign_in().status_code == 200


def test_the_wait_ends_and_old_guesses_are_deleted():
    for _ in range(PER_NAME):
        sign_in()
    SignInFailure.objects.update(at=timezone.now() - WINDOW - timedelta(seconds=1))
    assert sign_in().status_code == 200
    assert SignInFailure.objects.count() == 1


def test_an_address_may_guess_fifty_times_in_all(hashed):
    rows = [SignInFailure(name=str(number), address="192.0.2.1") for number in range(PER_ADDRESS - 1)]
    SignInFailure.objects.bulk_create(rows)
    assert sign_in("en").status_code == 200
    assert sign_in("to").status_code == 429
    assert sign_in(password=RIGHT, address="192.0.2.2").status_code == 302


def test_guesses_at_the_same_moment_count_each_other(hashed):
    def guess(number: int) -> int:
        try:
            return int(sign_in().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))
    assert set(answers) <= {200, 429}
    assert answers.count(200) <= PER_NAME
    assert len(hashed) <= PER_NAME


def test_the_administration_has_no_other_way_in():
    client = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(PER_NAME):
        sign_in()
    answer = client.post("/admin/login/", {"username": "mette", "password": RIGHT}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(LOGIN)
    assert "_auth_user_id" not in client.session


def test_a_busy_database_is_answered_kindly(monkeypatch):
    def busy(**row: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(SignInFailure.objects, "create", busy)
    assert sign_in().status_code == 503


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "counted"),
    [
        ("192.0.2.1", "198.51.100.7", False, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9, 198.51.100.7", True, "198.51.100.7"),
        ("192.0.2.1", None, True, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7, sludder", True, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", None, False, "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", None, False, "192.0.2.1"),
        ("", None, False, ""),
    ],
)
def test_whose_address_is_counted(settings, peer, forwarded, trusted, counted):
    settings.TRUSTED_PROXY = trusted
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)) == counted
