"""Certificates on screen: from a file or typed in, refused without a trace, listed, exported, corrected, revoked."""

from __future__ import annotations

import csv
import datetime
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from foi_portal.core.models import Change
from registry.certificates import reading
from registry.certificates.queries import with_facts
from registry.models import Certificate
from tests import factories
from tests.registry import certificate_files as files
from tests.registry.certificate_files import kept, made, pem
from tests.registry.pages import Page, opened, words

pytestmark = pytest.mark.django_db

NEW = "/certifikater/ny/"
PLAIN: dict[str, Any] = {"name": "", "kind": "", "environment": "production", "assets": [], "note": ""}


def day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def typed(days: int) -> str:
    return f"{day(days):%d-%m-%Y}"


def upload(data: bytes, name: str = "certifikat.cer") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def everything() -> tuple[Any, ...]:
    """All that could keep something: the rows, who uses them, the history, and uploads put aside."""
    return (
        list(Certificate.objects.order_by("pk").values()),
        list(Certificate.assets.through._default_manager.values_list("certificate", "asset")),
        Change.objects.count(),
        sorted(Path(settings.FILE_UPLOAD_TEMP_DIR or "").iterdir()),
    )


@pytest.fixture(autouse=True)
def _uploads_are_put_aside_here(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI")


class TestFromAFile:
    def test_one_press_is_enough(self, foi):
        ky, sp = factories.system(code="KY"), factories.component(code="SP")
        answer = foi.post(
            NEW, PLAIN | {"file": upload(pem(made(), *files.authorities())), "assets": ["KY", "sp", ""]}
        )
        certificate = Certificate.objects.get()
        assert answer.url == certificate.get_absolute_url()
        assert certificate.name == "Odense Kommune – KY (systemcertifikat)"
        assert (certificate.kind, certificate.environment) == ("oces_system", "production")
        assert certificate.serial == "1b2b38b030b95e07c1b5fdf04be7c81a76d386ef"
        assert (certificate.valid_from, certificate.valid_to) == (
            datetime.date(2025, 3, 1),
            datetime.date(2028, 3, 1),
        )
        assert certificate.expires_at == files.ENDS
        assert certificate.oces_id == files.HOLDER
        assert certificate.pem.encode() == pem(made_of(certificate))
        assert "Den Danske Stat OCES rod-CA" not in certificate.pem
        assert set(certificate.assets.values_list("pk", flat=True)) == {ky.pk, sp.pk}

    def test_what_is_typed_goes_before_what_the_file_would_be_called(self, foi):
        foi.post(
            NEW,
            PLAIN
            | {"file": upload(pem(made())), "name": "KY", "kind": "other", "environment": "external_test"},
        )
        certificate = Certificate.objects.get()
        assert (certificate.name, certificate.kind, certificate.environment) == (
            "KY",
            "other",
            "external_test",
        )

    def test_what_is_typed_never_goes_before_its_facts(self, foi):
        lies = {
            "subject": "CN=Løgn",
            "issuer": "CN=Løgn",
            "serial": "ff",
            "sha256": "0" * 64,
            "valid_to": "31-12-2098",
        }
        foi.post(NEW, PLAIN | {"file": upload(pem(made())), "valid_from": "i går"} | lies)
        certificate = Certificate.objects.get()
        assert certificate.subject.startswith("CN=Odense Kommune")
        assert certificate.serial.startswith("1b2b")
        assert certificate.valid_to == datetime.date(2028, 3, 1)
        assert set(certificate.sha256 or "") != {"0"}

    def test_it_can_be_looked_at_first_and_nothing_is_written(self, foi):
        before = everything()
        answer = foi.post(NEW, PLAIN | {"file": upload(pem(made())), "look": "1", "location": "Nøgleboks"})
        assert answer.status_code == 200
        assert everything() == before
        page = words(answer)
        assert "Certifikatet er læst." in page
        assert "OCES3-systemcertifikat" in page
        assert "1. mar. 2028 kl. 11.00" in page
        form = Page(answer).edit["fields"]
        assert (form["name"], form["kind"]) == ("Odense Kommune – KY (systemcertifikat)", "oces_system")
        assert form["location"] == "Nøgleboks"
        assert "valid_to" not in form
        assert foi.post(NEW, form).status_code == 302
        assert Certificate.objects.get().oces_id == files.HOLDER

    def test_the_state_s_test_certificates_are_for_a_test_environment(self, foi):
        answer = foi.post(NEW, PLAIN | {"file": upload(pem(made(issuer=files.TEST_ISSUER))), "look": "1"})
        assert Page(answer).edit["fields"]["environment"] == "external_test"

    def test_the_file_is_not_lost_when_another_field_is_wrong(self, foi):
        answer = foi.post(NEW, PLAIN | {"file": upload(pem(made())), "assets": ["FINDESIKKE"]})
        assert answer.status_code == 422
        assert "«FINDESIKKE» findes ikke" in words(answer)
        form = Page(answer).edit["fields"] | {"assets": ""}
        assert foi.post(NEW, form).status_code == 302
        assert Certificate.objects.get().serial.startswith("1b2b")

    def test_what_travels_with_the_page_is_judged_anew(self, foi):
        before = everything()
        for forged in (
            files.private_keys()["ec pem"].decode(),
            pem(made()).decode()[:-60],
            "x\0y",
            "x" * 600_000,
        ):
            answer = foi.post(NEW, PLAIN | {"name": "KY", "kind": "other", "read": forged})
            assert answer.status_code == 422, forged[:40]
            assert "Vælg filen igen" in words(answer)
            assert Page(answer).edit["fields"]["read"] == ""
        assert everything() == before

    def test_it_can_be_dropped_again(self, foi):
        answer = foi.post(NEW, PLAIN | {"read": pem(made()).decode(), "drop": "1", "name": "KY"})
        form = Page(answer).edit["fields"]
        assert (form["read"], form["name"], form["valid_to"]) == ("", "KY", "")

    def test_looking_at_no_file_says_only_that(self, foi):
        answer = foi.post(NEW, PLAIN | {"look": "1"})
        assert answer.status_code == 422
        assert "Ret 1 fejl" in words(answer)
        assert "Vælg en fil." in words(answer)

    def test_one_without_a_name_or_a_kind_of_its_own_asks_for_them(self, foi):
        nameless = made(subject=files.name(C="DK", O="Odense Kommune"), issuer=files.name(CN="x"))
        answer = foi.post(NEW, PLAIN | {"file": upload(pem(nameless))})
        assert answer.status_code == 422
        assert "Skriv et navn." in words(answer)
        assert "Vælg, hvad det er." in words(answer)

    def test_an_expired_one_is_taken_with_a_warning(self, foi):
        old = made(since=files.moment(2020, 1, 1), until=files.moment(2023, 1, 1))
        looked = foi.post(NEW, PLAIN | {"file": upload(pem(old)), "look": "1"})
        assert "Det er udløbet." in words(looked)
        answer = foi.post(NEW, PLAIN | {"file": upload(pem(old))}, follow=True)
        assert "er udløbet 1. jan. 2023" in words(answer)
        assert "intet er kommet i dets sted" in words(answer)

    @pytest.mark.parametrize("extra", [{}, {"look": "1"}])
    def test_one_that_is_known_is_led_to(self, foi, extra):
        known = kept(name="Det kendte")
        before = everything()
        answer = foi.post(NEW, PLAIN | {"file": upload(files.der(made_of(known)))} | extra)
        assert answer.url == known.get_absolute_url()
        assert everything() == before
        assert "findes allerede: det er «Det kendte»" in words(foi.get(answer.url))

    def test_markup_in_its_names_is_text(self, foi):
        sly = made(subject=files.name(CN="<script>alert(1)</script>"), issuer=files.name(CN="=1+1"))
        answer = foi.post(NEW, PLAIN | {"file": upload(pem(sly)), "kind": "other"}, follow=True)
        assert b"<script>alert" not in answer.content
        assert b"&lt;script&gt;alert" in answer.content


def made_of(certificate: Certificate) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.pem.encode())


class TestRefused:
    """Nothing is kept of what is refused: no row, no history, no file, nothing in the answer or the log."""

    def refused(self, foi, data, *messages, name="noegle.p12", caplog=None):
        before = everything()
        for extra in ({}, {"look": "1"}):
            answer = foi.post(
                NEW, PLAIN | {"file": upload(data, name), "name": "KY", "kind": "other"} | extra
            )
            assert answer.status_code == 422
            page = words(answer)
            for message in messages:
                assert message in page
            assert Page(answer).edit["fields"]["read"] == ""
            assert b"BEGIN" not in answer.content
        assert everything() == before

    def test_what_the_file_would_have_told_is_not_missed(self, foi):
        answer = foi.post(NEW, {**PLAIN, "file": upload(b"nothing"), "name": "", "kind": ""})
        assert answer.status_code == 422
        assert "Ret 1 fejl" in words(answer)

    @pytest.mark.parametrize("form", files.KEY_FORMS)
    def test_private_keys(self, foi, form, caplog):
        data = files.private_keys()[form]
        with caplog.at_level("DEBUG"):
            self.refused(
                foi, data, "privat nøgle", "Upload kun den offentlige del", "overvej, om certifikatet"
            )
        assert "noegle" not in caplog.text
        assert "PRIVATE" not in caplog.text

    @pytest.mark.parametrize("form", files.STORE_FORMS)
    def test_stores_with_a_key(self, foi, form):
        self.refused(foi, files.stores()[form], "privat", "Upload kun den offentlige del")

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: b"", reading.EMPTY),
            (lambda: b"hej", reading.NOT_ONE),
            (files.request, reading.REQUEST),
            (lambda: pem(made()) * 4000, reading.TOO_LARGE),
            (lambda: bytes(10 * 1024 * 1024), reading.TOO_LARGE),
            (lambda: pem(made()) * 21, reading.TOO_MANY),
            (lambda: pem(made()) + b"mere", reading.MORE_AFTER),
            (lambda: files.der(made(since=files.moment(1960, 1, 1))), "mellem 1990 og 2099"),
        ],
        ids=["empty", "text", "request", "4000", "10 MB", "21", "garbage after", "another time"],
    )
    def test_what_is_no_certificate(self, foi, make, message):
        self.refused(foi, make(), message)

    def test_a_key_in_a_file_so_large_that_it_is_put_aside_while_it_comes_in(self, foi):
        """Django keeps an upload above 2.5 MB in a temporary file until the answer is given."""
        self.refused(foi, files.private_keys()["rsa pkcs1 pem"] + b"\n" * 3_000_000, reading.TOO_LARGE)


class TestTyped:
    VALUES = PLAIN | {
        "name": "Datafordeleren, tjenestebruger",
        "kind": "access_key",
        "environment": "production",
        "valid_from": "01-02-2026",
        "valid_to": "31-01-2028",
        "serial": "0x00 0A:1b",
        "location": "Kodeboks",
        "for_one_system": "on",
    }

    def test_it_is_kept_as_typed(self, foi):
        assert foi.post(NEW, self.VALUES).status_code == 302
        certificate = Certificate.objects.get()
        assert (certificate.serial, certificate.sha256, certificate.pem) == ("a1b", None, "")
        assert certificate.valid_to == datetime.date(2028, 1, 31)
        assert certificate.for_one_system
        assert not certificate.is_read

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("name", "", "Dette felt er påkrævet"),
            ("kind", "", "Dette felt er påkrævet"),
            ("valid_from", "01-01-1899", "mellem 1990 og 2099"),
            ("valid_to", "01-01-2206", "mellem 1990 og 2099"),
            ("valid_to", "01-02-2026", "Udløbsdatoen skal ligge efter startdatoen"),
            ("serial", "xyz", "Serienummeret skrives med"),
            ("sha256", "abc", "Fingeraftrykket er 64 tegn"),
            ("assets", ["FINDESIKKE"], "«FINDESIKKE» findes ikke"),
            ("note", "-----BEGIN RSA PRIVATE KEY-----\nMII", "Feltet indeholder en privat nøgle"),
            (
                "location",
                "-----BEGIN PRIVATE KEY----- MIGHAgEAMBMGByq -----END PRIVATE KEY-----",
                "Feltet indeholder en privat nøgle",
            ),
        ],
    )
    def test_what_is_wrong_is_said(self, foi, field, value, message):
        before = everything()
        answer = foi.post(NEW, self.VALUES | {field: value})
        assert answer.status_code == 422
        assert message in words(answer)
        assert everything() == before

    def test_a_fingerprint_that_is_known_names_whose_it_is(self, foi):
        known = kept(name="Det kendte")
        spaced = " ".join((known.sha256 or "")[at : at + 2].upper() for at in range(0, 64, 2))
        answer = foi.post(NEW, self.VALUES | {"sha256": spaced})
        assert "Certifikatet findes allerede: «Det kendte»." in words(answer)

    def test_an_archived_asset_is_not_chosen_anew_but_may_stay(self, foi):
        gone = factories.system(code="GAMMEL", archived_at=timezone.now(), archive_reason="Slut")
        assert "er arkiveret" in words(foi.post(NEW, self.VALUES | {"assets": ["GAMMEL"]}))
        certificate = factories.certificate(assets=[gone])
        form = opened(foi, reverse("certificate-update", args=[certificate.pk])) | {
            "name": "Nyt",
            "assets": "GAMMEL",
        }
        assert foi.post(reverse("certificate-update", args=[certificate.pk]), form).status_code == 302

    def test_a_panel_s_link_begins_with_its_asset(self, foi):
        factories.system(code="KY", name="Kommunernes Ydelsessystem")
        assert 'value="KY"' in foi.get(f"{NEW}?assets=KY").content.decode()


class TestEdit:
    def test_facts_that_were_read_cannot_be_typed_over(self, foi):
        certificate = kept()
        url = reverse("certificate-update", args=[certificate.pk])
        form = opened(foi, url)
        assert not {"subject", "issuer", "serial", "sha256", "valid_from", "valid_to", "file", "read"} & set(
            form
        )
        lies = {
            "valid_to": "31-12-2098",
            "serial": "ff",
            "subject": "CN=x",
            "read": pem(files.server()).decode(),
        }
        assert (
            foi.post(url, form | lies | {"name": "Nyt navn", "file": upload(pem(files.server()))}).status_code
            == 302
        )
        now = Certificate.objects.get()
        assert now.name == "Nyt navn"
        for name in ("valid_to", "serial", "subject", "pem", "sha256"):
            assert getattr(now, name) == getattr(certificate, name)

    def test_what_was_typed_can_be_corrected_and_can_get_its_file(self, foi):
        certificate = factories.certificate(name="KY", serial="ff")
        url = reverse("certificate-update", args=[certificate.pk])
        assert (
            foi.post(url, opened(foi, url) | {"serial": "0A:2", "valid_to": "01-03-2029"}).status_code == 302
        )
        now = Certificate.objects.get()
        assert (now.serial, now.valid_to) == ("a2", datetime.date(2029, 3, 1))
        assert foi.post(url, opened(foi, url) | {"file": upload(pem(made()))}).status_code == 302
        now = Certificate.objects.get()
        assert (now.name, now.is_read, now.oces_id) == ("KY", True, files.HOLDER)

    def test_a_file_that_another_has_already_is_refused(self, foi):
        kept(name="Det kendte")
        certificate = factories.certificate(name="KY")
        url = reverse("certificate-update", args=[certificate.pk])
        answer = foi.post(
            url, opened(foi, url) | {"file": upload(pem(made_of(Certificate.objects.get(name="Det kendte"))))}
        )
        assert answer.status_code == 422
        assert "Certifikatet findes allerede" in words(answer)

    def test_who_uses_it_is_part_of_what_two_people_can_cross_each_other_about(self, foi):
        """It is no column of the certificate, so it has no version of its own."""
        for code in ("KY", "KSD", "CURA"):
            factories.system(code=code, name=f"System {code}")
        certificate = factories.certificate(name="Mit", assets=[])
        url = reverse("certificate-update", args=[certificate.pk])
        mine, theirs = opened(foi, url), opened(foi, url)
        other = factories.client("FOI", first_name="Mette", last_name="Lund")
        assert other.post(url, theirs | {"assets": ["KY"]}).status_code == 302
        assert "er gemt" in words(other.get(certificate.get_absolute_url()))
        answer = foi.post(url, mine | {"assets": ["KSD"]})
        assert answer.status_code == 409
        assert "System KY" in words(answer)
        assert "System KSD" in words(answer)
        assert list(certificate.assets.values_list("code", flat=True)) == ["KY"]
        choose = Page(answer).edit
        theirs_raw, mine_raw = choose["radios"]["assets"]
        assert foi.post(url, choose["fields"] | {"assets": mine_raw}).status_code == 302
        assert list(certificate.assets.values_list("code", flat=True)) == ["KSD"]
        assert theirs_raw.startswith("KY")

    def test_another_s_change_of_who_uses_it_is_kept_when_i_only_change_the_name(self, foi):
        factories.system(code="KY")
        certificate = factories.certificate(name="Før")
        url = reverse("certificate-update", args=[certificate.pk])
        mine = opened(foi, url)
        certificate.assets.add(factories.system(code="KSD"))
        answer = foi.post(url, mine | {"name": "Efter"})
        assert answer.status_code == 409
        assert foi.post(url, Page(answer).edit["fields"]).status_code == 302
        assert (Certificate.objects.get().name, certificate.assets.get().code) == ("Efter", "KSD")

    def test_saving_what_is_there_changes_nothing(self, foi):
        factories.system(code="KY")
        certificate = kept(
            assets=[factories.system(code="KSD", name="Syge; dagpenge"), factories.component(code="SP")]
        )
        url = reverse("certificate-update", args=[certificate.pk])
        before = everything()
        form = opened(foi, url)
        assert (
            foi.post(url, form | {"assets": ["KSD · Syge; dagpenge", "SP"]}, follow=True).status_code == 200
        )
        assert everything() == before

    def test_the_history_does_not_hold_the_file(self, foi):
        kept()
        assert "BEGIN CERTIFICATE" not in str(list(Change.objects.values_list("after", flat=True)))


class TestRevoke:
    def test_it_is_revoked_with_a_reason_and_no_longer_to_be_renewed(self, foi):
        certificate = factories.certificate(name="KY")
        url = reverse("certificate-revoke", args=[certificate.pk])
        answer = foi.post(url, opened(foi, url) | {"reason": "Nøglen er set af andre"}, follow=True)
        assert "står nu som spærret" in words(answer)
        now = Certificate.objects.get()
        assert now.revoked_on == timezone.localdate()
        assert not Certificate.objects.to_be_renewed().exists()
        assert Change.objects.first().reason == "Nøglen er set af andre"

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"reason": ""}, "påkrævet"),
            ({"reason": "x", "revoked_on": "31-12-2090"}, "fremtiden"),
            ({"reason": "x", "revoked_on": "01-01-1899"}, "1990"),
        ],
    )
    def test_what_is_wrong_is_said(self, foi, values, message):
        certificate = factories.certificate()
        url = reverse("certificate-revoke", args=[certificate.pk])
        answer = foi.post(url, opened(foi, url) | values)
        assert answer.status_code == 422
        assert message in words(answer)
        assert Certificate.objects.get().revoked_on is None

    def test_of_two_the_second_is_told(self, foi):
        certificate = factories.certificate()
        url = reverse("certificate-revoke", args=[certificate.pk])
        first, second = opened(foi, url) | {"reason": "a"}, opened(foi, url) | {"reason": "b"}
        assert foi.post(url, first).status_code == 302
        answer = foi.post(url, second)
        assert answer.status_code == 409
        assert "allerede spærret" in words(answer)

    def test_it_can_be_taken_back_by_correcting(self, foi):
        certificate = factories.certificate(revoked_on=day(-2))
        url = reverse("certificate-update", args=[certificate.pk])
        assert foi.post(url, opened(foi, url) | {"revoked_on": ""}).status_code == 302
        assert Certificate.objects.get().revoked_on is None


def names(answer: Any) -> set[str]:
    return set(
        re.findall(r'<th scope="row"[^>]*><a href="/certifikater/\d+/">([^<]+)</a>', answer.content.decode())
    )


class TestList:
    @pytest.fixture
    def some(self):
        ky = factories.system(code="KY")
        old = factories.certificate(name="fornyet", valid_to=day(-10))
        factories.certificate(name="nyt", replaces=old, valid_from=day(-20), valid_to=day(400), assets=[ky])
        factories.certificate(name="snart", valid_to=day(90), environment="external_test", assets=[ky])
        factories.certificate(name="senere", valid_to=day(91), kind="server", issuer="CN=Buypass, C=NO")
        factories.certificate(name="udløbet", valid_to=day(0))
        factories.certificate(name="spærret", valid_to=day(50), revoked_on=day(-1))
        factories.certificate(name="kommende", valid_from=day(5), valid_to=day(60))
        factories.certificate(name="uden dato", valid_from=None, valid_to=None, kind="access_key")
        factories.certificate(name="arkiveret", archived_at=timezone.now(), archive_reason="x")
        kept(name="læst", valid_from=day(-5), valid_to=day(900))

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=valid", {"nyt", "snart", "senere", "uden dato", "læst"}),
            ("state=expiring", {"snart"}),
            ("state=overdue", {"udløbet"}),
            ("state=expired", {"fornyet", "udløbet"}),
            ("state=revoked", {"spærret"}),
            ("state=upcoming", {"kommende"}),
            ("kind=server", {"senere"}),
            ("environment=external_test", {"snart"}),
            ("asset=ky", {"nyt", "snart"}),
            ("issuer=buypass", {"senere"}),
            ("archived=ja", {"arkiveret"}),
            ("q=udløb", {"udløbet"}),
            ("q=odense+kommune", {"læst"}),
            ("q=1B:2b:38:B0", {"læst"}),
            ("q=findes+ikke", set()),
        ],
    )
    def test_filters(self, foi, some, query, expected):
        assert names(foi.get(f"/certifikater/?{query}")) == expected

    def test_the_state_is_that_of_the_model(self, some):
        on = timezone.localdate()
        rows = list(with_facts(Certificate.objects.all(), on))
        assert {row.state for row in rows} == {"Gyldigt", "Udløbet", "Spærret", "Kommende"}
        for row in rows:
            assert row.state == row.standing(on), row

    def test_ends_before(self, foi, some):
        assert names(foi.get(f"/certifikater/?before={typed(60)}")) == {
            "fornyet",
            "udløbet",
            "spærret",
            "kommende",
        }
        assert len(names(foi.get("/certifikater/?before=hvad"))) == 9

    def test_what_ends_first_and_matters_is_first(self, foi, some):
        page = foi.get("/certifikater/").content.decode()
        order = re.findall(r'<th scope="row"[^>]*><a href="/certifikater/\d+/">([^<]+)</a>', page)
        assert order[:4] == ["udløbet", "kommende", "snart", "senere"]
        assert set(order[-3:]) == {"fornyet", "spærret", "uden dato"}

    def test_fingerprints_are_found_as_they_are_copied(self, foi, some):
        sha256 = Certificate.objects.get(name="læst").sha256
        colons = ":".join((sha256 or "")[at : at + 2].upper() for at in range(0, 64, 2))
        assert names(foi.get("/certifikater/", {"q": colons})) == {"læst"}

    def test_an_empty_list_says_what_to_do(self, foi):
        assert "Opret det første fra dets fil, eller skriv det ind." in words(foi.get("/certifikater/"))
        reader = factories.client("Læser")
        assert "Opret" not in words(reader.get("/certifikater/"))


COLUMNS = [
    "name",
    "kind",
    "environment",
    "subject",
    "issuer",
    "serial",
    "sha256",
    "valid_from",
    "valid_to",
    "assets",
]


class TestExport:
    def rows(self, answer: Any) -> list[list[str]]:
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    def test_has_exactly_the_machine_columns(self, foi):
        ky, sp = factories.system(code="KY"), factories.component(code="SP")
        certificate = kept(name="KY", assets=[sp, ky])
        head, row = self.rows(foi.get("/certifikater/?_export=csv"))
        assert head == COLUMNS
        assert row == [
            "KY",
            "oces_system",
            "production",
            certificate.subject,
            "CN=Den Danske Stat OCES udstedende-CA 1, O=Den Danske Stat, C=DK",
            "1b2b38b030b95e07c1b5fdf04be7c81a76d386ef",
            certificate.sha256,
            "2025-03-01",
            "2028-03-01",
            "KY;SP",
        ]

    def test_runs_no_formula(self, foi):
        factories.certificate(name="=1+1", subject="@SUM(A1)", issuer="CN=x;=2+2", location="-3")
        _, row = self.rows(foi.get("/certifikater/?_export=csv"))
        assert (row[0], row[3], row[4]) == ("'=1+1", "'@SUM(A1)", "CN=x;'=2+2")

    def test_as_a_workbook(self, foi):
        factories.certificate(name="KY", serial="12345678", assets=[factories.system(code="KY")])
        answer = foi.get("/certifikater/?_export=xlsx")
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        head, row = sheet.values
        assert list(head) == COLUMNS
        assert (row[0], row[5], row[8], row[9]) == ("KY", "12345678", "2028-03-01", "KY")

    def test_holds_what_is_filtered_and_the_columns_that_are_chosen(self, foi):
        factories.certificate(name="ét", kind="server")
        factories.certificate(name="to")
        rows = self.rows(foi.get("/certifikater/?_export=csv&kind=server&col=name&col=location"))
        assert rows == [["name", "location"], ["ét", ""]]


class TestElsewhere:
    def test_on_the_pages_of_those_that_use_it(self, foi):
        ky = factories.system(code="KY")
        sp = factories.component(code="SP")
        old = factories.certificate(name="Gammelt", assets=[ky])
        factories.certificate(name="KY produktion", replaces=old, valid_to=day(5), assets=[ky, sp])
        for asset in (ky, sp):
            page = words(foi.get(asset.get_absolute_url()))
            assert "KY produktion" in page
            assert "om 5 dage" in page
            assert "Gammelt" not in page
        factories.component(code="TOM", name="Tom")
        assert "Der er ikke skrevet noget certifikat, som Tom bruger." in words(foi.get("/komponenter/TOM/"))

    def test_on_the_impact_page(self, foi):
        sp = factories.component(code="SP", lifecycle="active")
        factories.certificate(name="SP produktion", assets=[sp, factories.system(code="KY")])
        page = words(foi.get("/konsekvens/?asset=SP&retning=ned"))
        assert "Certifikater, der er i brug" in page
        assert "SP produktion Bruges af KY, SP" in page
        factories.component(code="TOM", lifecycle="active")
        assert "Certifikater, der er i brug" not in words(foi.get("/konsekvens/?asset=TOM&retning=ned"))

    def test_in_the_search(self, foi):
        certificate = kept(name="KY produktion")
        for query in (
            "ky produktion",
            "odense kommune",
            certificate.serial,
            (certificate.sha256 or "")[:20].upper(),
        ):
            page = words(foi.get("/soeg/", {"q": query}))
            assert "KY produktion" in page.replace("<mark>", ""), query

    def test_its_public_part_as_a_file(self, foi):
        certificate = kept(name="Ældre & Handicap")
        answer = foi.get(reverse("certificate-pem", args=[certificate.pk]))
        assert answer.content.decode() == certificate.pem
        assert 'filename="' in answer["Content-Disposition"]
        assert reading.read(answer.content).sha256 == certificate.sha256
        by_hand = factories.certificate()
        assert foi.get(reverse("certificate-pem", args=[by_hand.pk])).status_code == 404

    def test_a_reader_reads_and_is_offered_nothing_else(self):
        certificate = kept(assets=[factories.system(code="KY")])
        page = factories.client("Læser").get(certificate.get_absolute_url())
        assert "Hent det offentlige certifikat" in words(page)
        for verb in ("forny", "ret", "spaer", "arkiver"):
            assert f"{certificate.get_absolute_url()}{verb}/".encode() not in page.content
