"""PDFs: what goes into them, what never does, and what a machine says that cannot make them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pypdf import PdfReader

from foi_portal.ui import formats, pdf
from registry.models import Asset
from registry.views import impact_pdf
from tests import factories
from tests.conftest import REQUIRE_SERVICES

WHO = {"made_at": timezone.now(), "made_by": "Karin Toft"}


@pytest.fixture
def engine() -> None:
    """The machine can make PDFs; else the test is skipped, or fails where services were promised."""
    if not pdf.available():
        (pytest.fail if REQUIRE_SERVICES else pytest.skip)(
            "needs libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0"
        )


@pytest.fixture
def templates(settings: Any, tmp_path: Path) -> Path:
    """A folder whose templates are found before the portal's own."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    return tmp_path


def read(response: Any) -> PdfReader:
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    return PdfReader(BytesIO(response.content))


def words(reader: PdfReader) -> str:
    """All text of the document with single blanks."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def make(template: str, **context: Any) -> HttpResponse:
    return pdf.response(RequestFactory().get("/"), "prøve", lambda: pdf.layout(template, WHO | context))


class TestDocuments:
    @pytest.mark.usefixtures("engine")
    def test_the_frame_says_who_made_it_and_is_tagged_danish_text(self):
        response = make("ui/pdf.html", made_by="Åse <b>Ærø</b>")
        reader = read(response)
        assert "Åse <b>Ærø</b>" in words(reader)
        assert "Side 1 af 1" in words(reader)
        root: Any = reader.root_object
        assert root["/Lang"] == "da"
        assert bool(root["/MarkInfo"]["/Marked"])
        assert response["Content-Disposition"] == "inline; filename*=utf-8''pr%C3%B8ve.pdf"

    @pytest.mark.usefixtures("engine")
    def test_the_fonts_are_our_own_and_in_the_file(self):
        page: Any = read(make("ui/pdf.html")).pages[0]
        fonts = page["/Resources"]["/Font"].values()
        assert {"IBM-Plex-Sans"} <= {str(f.get_object()["/BaseFont"]).split("+")[1][:13] for f in fonts}

    @pytest.mark.usefixtures("engine")
    def test_a_table_is_cut_to_one_page(self, templates: Path):
        (templates / "rows.html").write_text("{% for row in rows %}<p>Række {{ row }}</p>{% endfor %}")
        asked: list[int] = []

        def document(n: int) -> Any:
            asked.append(n)
            return pdf.layout("rows.html", {"rows": range(n)})

        found = pdf.on_one_page(document, 1000)
        fits = max(n for n in tuple(asked) if len(document(n).pages) == 1)
        assert len(found.pages) == 1
        assert fits > 10
        assert len(document(fits + 1).pages) == 2
        assert len(pdf.on_one_page(document, 5).pages) == 1
        assert asked[-1] == 5, "what fits whole is laid out once"


class TestWhatIsFetched:
    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "http://127.0.0.1:8000/",
            "https://example.org/a.png",
            "ftp://127.0.0.1/",
            "data:text/css,body{}",
            "https://portal.invalid/manage.py",
            "https://portal.invalid/static/",
            "https://portal.invalid/static/../manage.py",
            "https://portal.invalid/static/%2e%2e/manage.py",
            "https://portal.invalid/static/%2e%2e%2fmanage.py",
            "https://portal.invalid/static//etc/passwd",
            "https://portal.invalid/static/findes-ikke.css",
            "https://portal.invalid/static/a%00b",
            "https://portal.invalid:1/static/pdf.css",
            "https://bruger@portal.invalid/static/pdf.css",
            "http://portal.invalid/static/pdf.css",
            "",
        ],
    )
    @pytest.mark.parametrize("collected", [False, True])
    def test_nothing_but_our_own_static_files(self, url: str, collected: bool, settings: Any, tmp_path: Path):
        settings.WHITENOISE_USE_FINDERS = not collected
        settings.STATIC_ROOT = tmp_path / "static"
        settings.STATIC_ROOT.mkdir()
        (tmp_path / "manage.py").write_text("")
        with pytest.raises(pdf.NotOurs):
            pdf.static_file(url)

    def test_our_own_from_the_source_and_from_what_was_collected(self, settings: Any, tmp_path: Path):
        url = "https://portal.invalid/static/pdf.css?v=1"
        assert pdf.static_file(url) == settings.BASE_DIR / "static/pdf.css"
        settings.WHITENOISE_USE_FINDERS = False
        settings.STATIC_ROOT = tmp_path
        (tmp_path / "pdf.css").write_text("")
        assert pdf.static_file(url) == tmp_path / "pdf.css"

    @pytest.mark.usefixtures("engine")
    def test_a_document_full_of_strange_addresses_fetches_nothing(self, templates: Path):
        """A file of ours with a telling text is asked for in every way; none of it is in the PDF."""
        secret = templates / "secret.txt"
        secret.write_text("HEMMELIG")
        (templates / "evil.html").write_text(
            f'<link rel="stylesheet" href="file://{secret}"><link rel="attachment" href="file://{secret}">'
            f'<style>@import "http://127.0.0.1:9/"; body {{ background: url(file://{secret}) }}</style>'
            f'<img src="file://{secret}" alt="billede"><object data="file://{secret}"></object>'
            '<svg><image href="http://127.0.0.1:9/x.png"/><use href="file:///etc/passwd#a"/></svg>Teksten'
        )
        response = make("evil.html")
        reader = read(response)
        assert "Teksten" in words(reader)
        assert not reader.attachments
        assert b"HEMMELIG" not in response.content


class TestWithoutTheLibraries:
    @pytest.fixture(autouse=True)
    def _without(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        pdf._engine.cache_clear()
        monkeypatch.setitem(sys.modules, "weasyprint", None)
        yield
        pdf._engine.cache_clear()

    def test_the_page_says_what_to_install(self):
        response = make("ui/pdf.html")
        assert response.status_code == 503
        assert "PDF kan ikke laves her" in response.content.decode()
        assert "libpango-1.0-0" in response.content.decode()
        assert not pdf.available()


def test_starting_the_portal_does_not_import_the_slow_library():
    code = (
        "import django, sys; django.setup(); import foi_portal.urls; "
        "from django.urls import reverse; reverse('front'); sys.exit('weasyprint' in sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={"DJANGO_SETTINGS_MODULE": "foi_portal.settings", "DEBUG": "1", "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[2],
    )


def hit(number: int, **values: Any) -> None:
    """So many fagsystemer that stop with SP, in a department with a long name."""
    sp = Asset.objects.get(code="SP")
    department = factories.organisation(kind="forvaltning", name="Beskæftigelses- og Socialforvaltningen")
    for n in range(number):
        system = factories.system(
            name=f"Fagsystem med et ret langt navn {n}", department=department, **values
        )
        factories.dependency(source=system, target=sp, importance="critical")


@pytest.mark.django_db
class TestImpact:
    @pytest.fixture(autouse=True)
    def _world(self, engine: None) -> None:
        factories.component(code="SP", name="Serviceplatformen")

    @pytest.fixture
    def client(self) -> Client:
        return factories.client(first_name="Karin", last_name="Toft")

    def sheet(self, client: Client, query: str = "asset=SP") -> PdfReader:
        reader = read(client.get(f"/konsekvens/pdf/?{query}"))
        assert len(reader.pages) == 1
        return reader

    def test_one_page_says_who_what_and_when(self, client: Client):
        hit(3)
        text = words(self.sheet(client))
        assert "Hvad rammes, hvis Serviceplatformen svigter?" in text
        assert "3 fagsystemer stopper." in text
        assert f"Spurgt for {formats.date(timezone.localdate())}" in text
        assert "af Karin Toft" in text
        assert "Sådan breder fejlen sig" in text
        assert "flere" not in text, "nothing is left out"
        for n in range(3):
            assert f"Fagsystem med et ret langt navn {n}" in text

    def test_what_there_is_no_room_for_is_counted(self, client: Client):
        hit(70)
        text = words(self.sheet(client))
        found = re.search(r"Stopper 70 fagsystemer, her de første (\d+)", text)
        assert found is not None
        assert int(found[1]) > 3
        assert f"Og {70 - int(found[1])} flere. Se alle 70 på http" in text

    def test_a_single_row_that_is_shown_is_the_first(self, client: Client, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(impact_pdf, "MOST_ROWS", 1)
        hit(3)
        text = words(self.sheet(client))
        assert "Stopper 3 fagsystemer, her den første" in text
        assert "de første 1" not in text

    def test_nobody_is_hit(self, client: Client):
        assert "Ingen andre rammes." in words(self.sheet(client))

    def test_limits_and_problems_are_told(self, client: Client):
        hit(1)
        factories.dependency(source=Asset.objects.get(kind="system"), target=factories.component(code="X"))
        text = words(self.sheet(client, "asset=SP,FINDES-IKKE&dybde=-1&dato=2001-01-01"))
        assert "«FINDES-IKKE» findes ikke" in text
        assert "Antal skridt skal være et helt tal" in text
        assert "Spurgt for 1. jan. 2001" in text
        assert "historik begynder senere" in text
        assert "Og 1 bemærkninger" not in text

    def test_markup_in_names_is_text(self, client: Client):
        Asset.objects.filter(code="SP").update(name="<script>&amp;<img src=x>")
        hit(1)
        assert "hvis <script>&amp;<img src=x> svigter?" in words(self.sheet(client))

    def test_upstream(self, client: Client):
        hit(1, code="KY")
        text = words(self.sheet(client, "asset=KY&retning=op"))
        assert "Hvad hviler Fagsystem med et ret langt navn 0 på?" in text
        assert "Serviceplatformen" in text

    @pytest.mark.parametrize("query", ["", "asset=", "asset=FINDES-IKKE", "dato=x"])
    def test_without_anything_to_ask_about_the_page_takes_over(self, client: Client, query: str):
        response = client.get(f"/konsekvens/pdf/?{query}")
        assert response.status_code == 302
        assert response["Location"].startswith("/konsekvens/?")

    def test_it_can_be_drawn(self, client: Client, tmp_path: Path):
        """Poppler makes a picture of it, and there is ink all over the upper half."""
        hit(12)
        if shutil.which("pdftoppm") is None:
            (pytest.fail if REQUIRE_SERVICES else pytest.skip)("needs pdftoppm (poppler-utils)")
        (tmp_path / "a.pdf").write_bytes(client.get("/konsekvens/pdf/?asset=SP").content)
        subprocess.run(["pdftoppm", "-r", "40", "-gray", "a.pdf", "page"], check=True, cwd=tmp_path)
        [page] = tmp_path.glob("page*.pgm")
        _, size, _, pixels = page.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        bands = [pixels[width * height * at // 10 : width * height * (at + 1) // 10] for at in range(5)]
        assert all(sum(pixel < 128 for pixel in band) > 50 for band in bands)
