"""Requests that no browser sends: 400 instead of a fault of ours. And what caches may keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from foi_portal.core.middleware import PrivatePagesMiddleware
from foi_portal.wsgi import application
from tests import factories

pytestmark = pytest.mark.django_db
CHARSETS = ["utf-7", "utf-16", "latin-1", "findes-ikke"]
NO_REQUEST = ["charset=rot13", "charset=hex", "charset*=findes-ikke''x", "charset*=utf-8''%00"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("charset", CHARSETS)
def test_another_character_set_is_refused(method, charset):
    client = Client(raise_request_exception=False)
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    answer = client.generic(method, "/konto/login/?next=%ff", b"--b--\r\n", content_type=kind)
    assert answer.status_code == 400
    assert "Forespørgslen kunne ikke læses" in answer.content.decode()


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_utf8_passes_however_it_is_written(client, charset):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert client.generic("POST", "/konto/login/", b"username=x", content_type=kind).status_code == 200


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "andet"])
@pytest.mark.parametrize("control", ["\\000", "\\012", "\\177"])
def test_a_control_character_in_a_cookie_is_refused(name, control):
    client = Client(raise_request_exception=False)
    answer = client.get("/", HTTP_COOKIE=f'{name}="abcdefghijkl{control}"')
    assert answer.status_code == 400
    assert "Forespørgslen kunne ikke læses" in answer.content.decode()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("charset", NO_REQUEST)
def test_headers_that_make_no_request_are_refused(method, charset):
    environ = RequestFactory().generic(method, "/konto/login/").environ
    environ["CONTENT_TYPE"] = f"text/plain; {charset}"
    statuses: list[str] = []

    def start_response(status: str, headers: Any) -> None:
        statuses.append(status)

    body = b"".join(application(environ, start_response)).decode()
    assert statuses == ["400 Bad Request"]
    assert "Forespørgslen kunne ikke læses" in body


def test_pages_of_who_is_signed_in_are_kept_by_no_cache(client):
    client.force_login(factories.user(username="mette"))
    for path in ("/", "/findes-ikke/"):
        assert client.get(path)["Cache-Control"] == "private, no-store"


def test_public_answers_and_what_a_view_says_are_left_alone(rf):
    request = rf.get("/")
    assert "Cache-Control" not in PrivatePagesMiddleware(lambda request: HttpResponse())(request)
    request.COOKIES["sessionid"] = "x" * 32
    own = HttpResponse(headers={"Cache-Control": "max-age=60"})
    assert PrivatePagesMiddleware(lambda request: own)(request).headers["Cache-Control"] == "max-age=60"
