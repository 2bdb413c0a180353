"""The outer wall and the recorded transaction, on views made for the purpose."""

from __future__ import annotations

import io
import re

import pytest
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import path
from django.views import View

from foi_portal.core import history
from foi_portal.core.models import Change
from registry.models import Organisation
from tests import factories


@login_not_required
def write(request: HttpRequest, answer: str) -> HttpResponse:
    """Write two rows and then answer as asked."""
    factories.organisation()
    with history.recording(reason="derfor"):
        factories.organisation()
    if answer == "crash":
        raise ZeroDivisionError
    if answer == "page":
        return SimpleTemplateResponse(engines["django"].from_string("Gemt"))
    if answer == "broken-page":
        return SimpleTemplateResponse("findes-ikke.html")
    return HttpResponse(status=int(answer))


class Exempt(View):
    recording_exempt = True

    def post(self, request: HttpRequest) -> HttpResponse:
        factories.organisation()
        return HttpResponse(status=400)


def front(request: HttpRequest) -> HttpResponse:
    return HttpResponse("forside")


urlpatterns = [
    path("", login_not_required(front), name="front"),
    path("skriv/<str:answer>/", write),
    path("selv/", login_not_required(Exempt.as_view())),
    path("admin/", admin.site.urls),
]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


@pytest.fixture
def mette():
    return factories.user(username="mette")


@pytest.fixture
def browser(mette) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(mette)
    return client


@pytest.mark.parametrize("answer", ["200", "302", "page"])
def test_a_post_is_one_change_set_by_the_one_signed_in(browser, mette, answer):
    assert browser.post(f"/skriv/{answer}/").status_code in (200, 302)
    first, second = Change.objects.filter(table="registry_organisation").order_by("id")
    assert first.change_set == second.change_set
    assert (first.actor, second.actor) == (mette, mette)
    assert (first.kind, first.reason, second.reason) == ("edit", "", "derfor")


@pytest.mark.parametrize("answer", ["crash", "broken-page", "400", "403", "409", "422", "500"])
def test_a_refusal_leaves_nothing_behind(browser, answer):
    assert browser.post(f"/skriv/{answer}/").status_code >= 400
    assert not Organisation.objects.exists()
    assert not Change.objects.filter(table="registry_organisation").exists()


def test_reading_is_not_wrapped(browser):
    browser.get("/skriv/200/")
    first, second = Change.objects.filter(table="registry_organisation").order_by("id")
    assert (first.actor, first.kind) == (None, "system")
    assert first.change_set != second.change_set


def test_nobody_signed_in_is_nobody(client):
    client.post("/skriv/200/")
    changes = Change.objects.filter(table="registry_organisation")
    assert [(change.actor, change.kind) for change in changes] == [(None, "edit")] * 2


def test_an_exempt_view_looks_after_itself(browser):
    browser.post("/selv/")
    change = Change.objects.get(table="registry_organisation")
    assert (change.actor, change.kind) == (None, "system")


def test_what_the_admin_writes_says_so(browser, mette):
    mette.is_staff = mette.is_superuser = True
    mette.save()
    form = {"name": "Redaktion", "permissions": [], "_save": "Gem"}
    assert browser.post("/admin/auth/group/add/", form).status_code == 302
    change = Change.objects.filter(table="auth_group").latest("id")
    assert (change.kind, change.actor) == ("admin", mette)


class Unreadable(io.BytesIO):
    def read(self, *args: object) -> bytes:
        raise AssertionError("the body must not be read")


def test_a_body_too_large_is_refused_unread(browser, settings):
    settings.UPLOAD_MAX_BYTES = 2 * 1024 * 1024
    answer = browser.generic(
        "POST", "/skriv/200/", CONTENT_LENGTH=str(200_000_000), **{"wsgi.input": Unreadable()}
    )
    assert answer.status_code == 413
    page = answer.content.decode()
    assert "højst 2 MB" in page
    assert re.search(r"<main[ >]", page)
    assert not Organisation.objects.exists()


def test_a_body_of_the_allowed_size_with_a_form_around_it_passes(browser, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    body = b"x" * (1000 + 60 * 1024)
    assert browser.generic("POST", "/skriv/200/", body, content_type="text/plain").status_code == 200


def test_a_nonsense_length_is_left_to_the_server(browser):
    assert browser.generic("POST", "/skriv/200/", CONTENT_LENGTH="mange").status_code == 200
