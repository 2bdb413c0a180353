"""``manage.py screenshots``: the README's pictures, of the demonstration landscape in a database made for them."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import BaseCommand, CommandError, call_command
from django.core.management.base import CommandParser
from django.db import connection
from django.test import Client
from django.test.testcases import LiveServerThread

from foi_portal.core.models import User

# file → address and how much of the page, in pixels from its top
PICTURES = {
    "front": ("/", 1000),
    "system": ("/fagsystemer/CURA/", 1000),
    "list": ("/fagsystemer/?criticality=4&sort=-uses", 820),
}


class Command(BaseCommand):
    help = "Tager README's billeder med Chromium. Kræver DEBUG og udviklingspakkerne; rører ingen data."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--directory", type=Path, default=Path(settings.BASE_DIR) / "docs" / "screenshots"
        )
        parser.add_argument("--user", default="foi", help="den demobruger, der ses med")

    def handle(self, **options: Any) -> None:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if path is None:
            raise CommandError("Chromium findes ikke på stien (Chromium is not on the path).")
        before = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            call_command("load_demo", stdout=io.StringIO())
            self.take(path, options["user"], options["directory"])
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)

    def take(self, chromium: str, username: str, directory: Path) -> None:
        """Serve the portal, visit it as ``username`` and write the pictures."""
        from playwright.sync_api import sync_playwright  # a package for development

        # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        client = Client()
        client.force_login(User.objects.get(username=username))
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        directory.mkdir(parents=True, exist_ok=True)
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
                )
                context = browser.new_context(
                    base_url=f"http://127.0.0.1:{server.port}", locale="da-DK", reduced_motion="reduce"
                )
                context.add_cookies(
                    [
                        {
                            "name": settings.SESSION_COOKIE_NAME,
                            "value": cookie,
                            "domain": "127.0.0.1",
                            "path": "/",
                        }
                    ]
                )
                for name, (address, height) in PICTURES.items():
                    page = context.new_page()
                    page.set_viewport_size({"width": 1280, "height": height})
                    page.goto(address, wait_until="networkidle")
                    page.screenshot(path=directory / f"{name}.png")
                    self.stdout.write(f"{directory / name}.png")
                browser.close()
        finally:
            server.terminate()
