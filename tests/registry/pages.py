"""Pages as people and browsers read them, for tests without a browser."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from foi_portal.core.models import Change
from registry.models import Asset, Dependency, Organisation


def words(response: Any) -> str:
    """The page's text as a person reads it."""
    text = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def everything() -> tuple[Any, ...]:
    """All rows with their versions, and how long the history is: what must be the same after a refusal."""
    return (
        *(list(model.objects.order_by("pk").values()) for model in (Organisation, Asset, Dependency)),
        Change.objects.count(),
    )


def refused(client: Client, url: str, data: dict[str, Any], *messages: str, status: int = 422) -> Any:
    """Post it; the answer has the status, says each message, and nothing was written."""
    before = everything()
    response = client.post(url, data)
    assert response.status_code == status, words(response)
    page = words(response)
    for message in messages:
        assert message in page
    assert everything() == before
    return response


class Page(HTMLParser):
    """What a browser would send: the fields of each form of a page, as people fill them in and press the button."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select = self._textarea = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = dict(attrs)
        name = got.get("name") or ""
        if tag == "form":
            self.forms.append({"method": (got.get("method") or "get").lower(), "fields": {}, "radios": {}})
        elif tag == "input" and name:
            kind, value = got.get("type"), got.get("value") or ""
            if kind == "radio":
                self.forms[-1]["radios"].setdefault(name, []).append(value)
            if kind not in ("radio", "checkbox") or "checked" in got:
                self.forms[-1]["fields"][name] = value
        elif tag == "select":
            self._select = name
            self.forms[-1]["fields"][name] = ""
        elif tag == "option" and self._select and "selected" in got:
            self.forms[-1]["fields"][self._select] = got.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            self.forms[-1]["fields"][name] = ""

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._textarea = "" if tag == "textarea" else self._textarea

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1]["fields"][self._textarea] += data.removeprefix("\n")

    @property
    def edit(self) -> dict[str, Any]:
        """The form that saves: the POST form in the page's main part."""
        return next(f for f in self.forms if f["method"] == "post" and len(f["fields"]) > 1)


def opened(client: Client, url: str) -> dict[str, str]:
    """The edit form as it comes; its fields are ready to be changed and sent."""
    response = client.get(url)
    assert response.status_code == 200
    return Page(response).edit["fields"]  # type: ignore[no-any-return]
