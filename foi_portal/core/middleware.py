"""The outer wall: large uploads, unreadable requests, private pages; and the transaction of every unsafe request."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse

from foi_portal.core import history

GetResponse = Callable[[HttpRequest], HttpResponseBase]
View = Callable[..., HttpResponseBase]

FORM_SLACK = 64 * 1024  # what a form may carry beside its file
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


class UploadLimitMiddleware:
    """Answer 413 before the body is read when it is larger than ``UPLOAD_MAX_BYTES`` and a form's slack.

    The page is rendered without the request: nobody is signed in this far out.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length <= settings.UPLOAD_MAX_BYTES + FORM_SLACK:
            return self.get_response(request)
        megabytes = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        return HttpResponse(render_to_string("413.html", {"megabytes": megabytes}), status=413)


def unreadable() -> HttpResponse:
    """The page (400) for a request that cannot be read. Needs no request."""
    return HttpResponse(render_to_string("400.html"), status=400)


class SoundRequestMiddleware:
    """Answer 400 to a character set other than UTF-8 and to control characters in a cookie.

    Django would decode forms and addresses with any of Python's codecs, and PostgreSQL takes no NUL in the
    session's key. No browser sends such things.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if not _is_utf8(charset) or any(CONTROL.search(value) for value in request.COOKIES.values()):
            return unreadable()
        return self.get_response(request)


def _is_utf8(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name == "utf-8"
    except (LookupError, ValueError):
        return False


class PrivatePagesMiddleware:
    """Let no cache keep a page made for somebody signed in: ``private, no-store`` unless the view says otherwise.

    So the back button shows nothing after signing off: with ``no-cache`` Chromium's back/forward cache still did.
    What was typed in a form still stands there for who goes back from an error page (Chromium, http and https).
    Goes by the session's cookie, so an answer about a database that is down asks nothing of it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def _somebody_else_is_writing(error: OperationalError) -> bool:
    """Lock not available, deadlock or a failed serialisation on PostgreSQL; a busy database on SQLite."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("55P03", "40P01", "40001") or "database is locked" in str(error)


class RecordingMiddleware:
    """Run every view that may write (any method but GET, HEAD, OPTIONS, TRACE) in ``history.recording``.

    So one POST is one transaction and one change set by the signed-in user. An exception rolls everything back,
    and so does an answer of status 400 or above: a view that refuses has written nothing, whatever it did on
    the way. The answer is rendered inside, so a page that fails to render does not leave its writes behind.
    Waiting too long for somebody else's lock is answered by a page that says so (503); nothing is written then.
    A view (or its class) with ``recording_exempt = True`` looks after its own transactions. Must be the last
    middleware, for it calls the view itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        exempt = any(
            getattr(v, "recording_exempt", False) for v in (view, getattr(view, "view_class", None)) if v
        )
        if request.method in SAFE_METHODS:
            return None
        try:
            if exempt:
                return view(request, *args, **kwargs)
            return self._recorded(request, view, args, kwargs)
        except OperationalError as error:
            if not _somebody_else_is_writing(error):
                raise
            return TemplateResponse(request, "503.html", status=503, headers={"Retry-After": "5"}).render()

    def _recorded(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase:
        in_admin = request.resolver_match is not None and "admin" in request.resolver_match.app_names
        with history.recording(actor=getattr(request, "user", None), kind="admin" if in_admin else None):
            response = view(request, *args, **kwargs)
            render = getattr(response, "render", None)
            if callable(render):
                response = render()
            if response.status_code >= 400:
                transaction.set_rollback(True)
            return response
