"""House rules that a reader would otherwise have to remember."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.processes import BIN, ROOT

pytestmark = pytest.mark.anywhere

FLOORS = ["registry", "roles", "budgets", "coordination", "pages"]  # template folders, the lowest first
TEMPLATES = sorted(
    path for folder in (".", *FLOORS, "foi_portal") for path in (ROOT / folder).glob("templates/**/*.html")
)
MAIL_FRAME = (
    ROOT / "templates/mail/base.html"
)  # goes to mail programs, which no CSP reaches: it may have a style sheet
FORBIDDEN_IN_TEMPLATES = {
    "an inline style (the CSP blocks it; use a class)": re.compile(
        r"<[^>]*\sstyle\s*=|<style\b", re.IGNORECASE
    ),
    "an inline script (the CSP blocks it; use a file in static/)": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=.application/json)[^>]*>", re.IGNORECASE
    ),
    "an event attribute (the CSP blocks it; listen in a file)": re.compile(
        r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE
    ),
    "hx-on (needs eval)": re.compile(r"\bhx-on[:=-]", re.IGNORECASE),
    "hx-boost (not in the product)": re.compile(r"\bhx-boost\b", re.IGNORECASE),
    "an htmx expression (needs eval)": re.compile(
        r"hx-(?:vals|headers)\s*=\s*[\"']js:|hx-trigger\s*=\s*\"[^\"]*\[", re.IGNORECASE
    ),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "a file from another host": re.compile(
        r"<(?:script|link|img)[^>]*(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE
    ),
}


def without_comments(html: str) -> str:
    html = re.sub(r"\{#.*?#\}", "", html)
    return re.sub(r"\{% comment.*?endcomment %\}", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_the_house_rules(template: Path):
    html = without_comments(template.read_text(encoding="utf-8"))
    if template == MAIL_FRAME:
        html = re.sub(r"<style>[^<]*</style>", "", html, count=1)
    broken = [rule for rule, pattern in FORBIDDEN_IN_TEMPLATES.items() if pattern.search(html)]
    assert broken == []


@pytest.mark.parametrize(
    ("html", "word"),
    [
        ('<p style="color: red">', "inline style"),
        ("<script>go()</script>", "inline script"),
        ('<button onclick="go()">', "event attribute"),
        ('<a hx-on:click="go()">', "hx-on"),
        ('<body hx-boost="true">', "hx-boost"),
        ('<input hx-trigger="keyup[target.value]">', "htmx expression"),
        ('<a href="javascript:go()">', "javascript:"),
        ('<script src="https://cdn.example/x.js"></script>', "another host"),
    ],
)
def test_the_rules_find_what_they_forbid(html, word):
    assert any(word in rule and pattern.search(html) for rule, pattern in FORBIDDEN_IN_TEMPLATES.items())


@pytest.mark.parametrize(
    "html",
    [
        "<script src=\"{% static 'x.js' %}\" defer></script>",
        '<th aria-sort="none" data-on="1">',
        "<code>on = 1</code>",
    ],
)
def test_the_rules_let_the_rest_be(html):
    assert not [rule for rule, pattern in FORBIDDEN_IN_TEMPLATES.items() if pattern.search(html)]


@pytest.mark.parametrize("floor", FLOORS)
def test_templates_know_only_what_is_below(floor):
    above = FLOORS[FLOORS.index(floor) + 1 :]
    for template in (ROOT / "templates" / floor).glob("**/*.html"):
        named = re.findall(r"{%\s*(?:include|extends)\s+[\"'](\w+)/", template.read_text(encoding="utf-8"))
        assert not set(named) & set(above), template


def test_imports_point_down():
    process = subprocess.run(
        [BIN / "lint-imports", "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout


def test_lock_files_name_no_host():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "://" in str(package.get("resolved", ""))]
    assert all(package.get("integrity") for name, package in packages.items() if name)


def test_every_make_target_has_help():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z][a-z-]*):(.*)$", makefile, re.MULTILINE)
    assert {"run", "test", "lint", "types", "bench", "lock", "screenshots", "worker", "beat"} <= {
        name for name, _ in targets
    }
    assert [name for name, rest in targets if "## " not in rest] == []


def test_every_icon_named_is_in_the_design_system() -> None:
    """A name that is not in the sprite shows nothing, and no browser says so."""
    sprite = (ROOT / "node_modules/dkfds/dist/img/all-svg-icons.svg").read_text()
    known = set(re.findall(r'id="([a-z0-9-]+)"', sprite))
    used = {
        (path.name, name)
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', path.read_text())
    }
    assert len(used) > 20
    assert {(path, name) for path, name in used if name not in known} == set()
