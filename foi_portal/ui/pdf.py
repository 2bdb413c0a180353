"""Templates as PDF, by WeasyPrint. A document is an ordinary template with ``pdf.css`` as its stylesheet.

Fonts and pictures come from our own static files by ``{% static %}``; nothing else is ever fetched, whatever the
document says. WeasyPrint is imported on the first PDF: it is slow to import, and needs libraries of the system
(pango, harfbuzz) that a machine without PDF may lack.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_page
from django.template.loader import render_to_string
from django.utils._os import safe_join
from django.utils.http import content_disposition_header

BASE = "https://portal.invalid"  # stands for ourselves in a document's addresses; never asked for


class PdfUnavailable(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """This machine lacks what WeasyPrint needs."""


class NotOurs(ValueError):  # noqa: N818 - WeasyPrint logs it and leaves the resource out
    """An address that is not one of our static files."""


def static_file(url: str) -> Path:
    """The file of one of our own static addresses. Raises NotOurs for everything else."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if f"{parts.scheme}://{parts.netloc}" != BASE or not path.startswith(settings.STATIC_URL):
        raise NotOurs(url)
    name = path.removeprefix(settings.STATIC_URL)
    try:
        found = (
            finders.find(name) if settings.WHITENOISE_USE_FINDERS else safe_join(settings.STATIC_ROOT, name)
        )
    except (SuspiciousFileOperation, ValueError) as error:
        raise NotOurs(url) from error
    if not isinstance(found, str) or not Path(found).is_file():
        raise NotOurs(url)
    return Path(found)


@cache
def _engine() -> tuple[Any, Any]:
    """WeasyPrint's document class and our fetcher. Raises PdfUnavailable."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except (ImportError, OSError) as error:  # OSError: a library is missing
        raise PdfUnavailable(str(error).strip().splitlines()[0]) from error

    class OwnFiles(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            path = static_file(url)
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    return HTML, OwnFiles


def available() -> bool:
    """Whether PDFs can be made here."""
    try:
        _engine()
    except PdfUnavailable:
        return False
    return True


def layout(template: str, context: Mapping[str, Any]) -> Any:
    """The template laid out in pages (a WeasyPrint ``Document``). Raises PdfUnavailable."""
    html, fetcher = _engine()
    text = render_to_string(template, dict(context))
    return html(string=text, base_url=BASE + "/", url_fetcher=fetcher()).render()


def on_one_page(document: Callable[[int], Any], most: int) -> Any:
    """``document(n)`` for the greatest n up to ``most`` that fits on one page; that of 0 when none does.

    For a table that is cut to what there is room for: ``document`` lays it out with n rows and says how many it left
    out. A handful of layouts, by halving.
    """
    return fitting(document, most)[1]


def fitting(document: Callable[[int], Any], most: int) -> tuple[int, Any]:
    """``on_one_page`` with its n, for what goes on with more pages."""
    best = document(most)
    if len(best.pages) <= 1:
        return most, best
    fits, too_many = 0, most
    best = document(0)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        tried = document(middle)
        if len(tried.pages) <= 1:
            fits, best = middle, tried
        else:
            too_many = middle
    return fits, best


def response(request: HttpRequest, filename: str, make: Callable[[], Any]) -> HttpResponse:
    """The document that ``make`` lays out, shown in the browser under ``filename``.

    A machine that cannot make PDFs answers with a page that says what its administrator must install (503).
    """
    try:
        body = make().write_pdf(pdf_variant="pdf/ua-1")
    except PdfUnavailable as error:
        return render_page(request, "ui/pdf_unavailable.html", {"why": str(error)}, status=503)
    headers = {"Content-Disposition": content_disposition_header(False, f"{filename}.pdf") or ""}
    return HttpResponse(body, content_type="application/pdf", headers=headers)


__all__ = [
    "NotOurs",
    "PdfUnavailable",
    "available",
    "fitting",
    "layout",
    "on_one_page",
    "response",
    "static_file",
]
