"""What is asked of every page: no findings by axe, no errors in the console, nothing wider than the screen."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import ConsoleMessage, Page, Response

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# axe takes half of the browser tests' time, and what it finds does not depend on the database, so of its two
# runs .ci/run asks it in the first only.
AXE = os.environ.get("FOI_AXE") != "0"
# A refused form and a missing page are errors to the browser's console, not to us.
EXPECTED = ("the server responded with a status of 4",)


@cache
def axe_source() -> str:
    return (Path(settings.BASE_DIR) / "node_modules/axe-core/axe.min.js").read_text()


class Watched:
    """A browser page that remembers what went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(text in message.text for text in EXPECTED):
            self.faults.append(f"{self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status} {response.url}")
        if response.status == 404 and "/static/" in response.url:
            self.faults.append(f"404 {response.url}")

    def goto(self, address: str, status: int = 200) -> Page:
        """Go there; the answer has the status."""
        response = self.page.goto(address)
        assert response is not None
        assert response.status == status, f"{address}: {response.status}"
        return self.page

    def audit(self, state: str = "") -> None:
        """axe finds nothing on the page as it stands, in the whole of its height, and nothing overflows."""
        page = self.page
        size = page.viewport_size
        assert size is not None
        page.wait_for_load_state()  # a click may still be on its way to the next page
        page.locator("h1").first.wait_for()
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": min(max(height, 600), 12_000)})
        if AXE:
            self._ask_axe(state)
        self.fits(state)
        page.set_viewport_size(size)

    def _ask_axe(self, state: str) -> None:
        self.page.evaluate(axe_source())
        result = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations'], preload: false})", TAGS
        )
        for finding in result["violations"]:
            self.faults.append(f"{self._where(state)}: {_told(finding)}")

    def fits(self, state: str = "") -> None:
        """Nothing makes the page scroll sideways."""
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            culprits = self.page.evaluate(
                """() => [...document.querySelectorAll("body *")]
                    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                    .slice(0, 4).map(e => e.tagName + "." + e.className)"""
            )
            self.faults.append(f"{self._where(state)}: {wide} px too wide: {culprits}")

    def _where(self, state: str) -> str:
        size = self.page.viewport_size or {"width": 0}
        path = "/" + self.page.url.split("/", 3)[-1]
        return f"{path}{f' ({state})' if state else ''} at {size['width']} px"


def _told(finding: dict[str, Any]) -> str:
    nodes = "; ".join(f"{n['target'][0]} {n['html'][:110]}" for n in finding["nodes"][:3])
    return f"{finding['id']} ({finding['impact']}), {len(finding['nodes'])} places: {nodes}"
