"""A real browser on a live server with the demonstration landscape."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from foi_portal.core.models import User
from tests.browser import landscape
from tests.browser.audit import Watched

# Playwright keeps an event loop in the test's thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
expect.set_options(timeout=15_000)
WIDE = 1280

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker("browser")
            if getattr(item, "callspec", None) and item.callspec.params.get("width", WIDE) != WIDE:  # type: ignore[attr-defined]
                item.add_marker("narrow")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole session; each visitor has a context of their own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def portal(live_server: Any) -> str:
    """Address of a running portal that holds the demonstration landscape and its users."""
    landscape.put()
    return str(live_server.url)


Visit = Callable[..., Watched]


@pytest.fixture
def visit(chromium: Browser, portal: str) -> Iterator[Visit]:
    """``visit("foi")``: a visitor, signed in by cookie (None: anonymous), whose pages are watched for faults.

    ``width`` in pixels; ``script=False`` turns JavaScript off. Faults seen on the way fail the test at its end.
    """
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def made(username: str | None = None, width: int = WIDE, script: bool = True) -> Watched:
        context = chromium.new_context(
            base_url=portal,
            viewport={"width": width, "height": 900},
            locale="da-DK",
            timezone_id="Europe/Copenhagen",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        if username is not None:
            client = Client()
            client.force_login(User.objects.get(username=username))
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": portal}])
        page: Page = context.new_page()
        watched.append(Watched(page))
        return watched[-1]

    yield made
    for context in contexts:
        context.close()
    faults = [fault for one in watched for fault in one.faults]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)
