"""One certificate in place of another: what is carried over, the chain, what is asked about, two people at once."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import Change
from registry import deadlines
from registry.certificates import due, queries, renewing
from registry.models import Certificate
from tests import factories
from tests.registry import certificate_files as files
from tests.registry.certificate_files import kept, made, moment, pem
from tests.registry.pages import Page, opened, words

pytestmark = pytest.mark.django_db

ON = datetime.date(2026, 12, 1)


def upload(certificate: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("nyt.cer", pem(certificate))


def newer(serial: int = 77) -> Any:
    return made(serial=serial, since=moment(2028, 1, 1), until=moment(2031, 1, 1))


def renewal_of(old: Certificate) -> str:
    return reverse("certificate-renew", args=[old.pk])


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI")


@pytest.fixture
def old() -> Certificate:
    assets = [factories.system(code="KY"), factories.component(code="SP")]
    return kept(
        name="KY produktion",
        environment="internal_test",
        location="Nøgleboks",
        for_one_system=True,
        assets=assets,
    )


class TestRenew:
    @pytest.mark.parametrize("looked_at", [True, False])
    def test_what_is_known_of_the_old_one_is_carried_over(self, foi, old, looked_at):
        form = opened(foi, renewal_of(old))
        assert "for_one_system" in form
        sent = {
            "assets": ["KY", "SP"],
            "for_one_system": "on",
        }  # as a browser sends what is ticked and repeated
        values: dict[str, Any] = form | sent | {"file": upload(newer())}
        if looked_at:
            seen = Page(foi.post(renewal_of(old), values | {"look": "1"})).edit["fields"]
            assert "for_one_system" in seen
            values = seen | sent
        answer = foi.post(renewal_of(old), values | {"reason": "Udløber"})
        new = Certificate.objects.get(replaces=old)
        assert answer.url == new.get_absolute_url()
        assert (new.name, new.environment, new.location) == ("KY produktion", "internal_test", "Nøgleboks")
        assert (new.kind, new.for_one_system) == ("oces_system", True)
        assert (new.serial, new.valid_to) == ("4d", datetime.date(2031, 1, 1))
        assert set(new.assets.all()) == set(old.assets.all())
        assert list(Certificate.objects.to_be_renewed()) == [new]
        assert "Det er fornyet." in words(foi.get(old.get_absolute_url()))
        assert Change.objects.filter(table="registry_certificate").first().reason == "Udløber"

    def test_a_form_that_was_opened_has_all_of_it(self, foi, old):
        form = opened(foi, renewal_of(old))
        assert form["name"] == "KY produktion"
        page = foi.get(renewal_of(old)).content.decode()
        assert 'value="KY · ' in page
        assert 'value="SP · ' in page

    def test_it_can_be_typed(self, foi):
        old = factories.certificate(name="Nøgle", kind="access_key", valid_to=datetime.date(2026, 12, 5))
        form = opened(foi, renewal_of(old))
        answer = foi.post(renewal_of(old), form)
        assert answer.status_code == 422
        assert "skriv, hvornår det udløber" in words(answer)
        assert foi.post(renewal_of(old), form | {"valid_to": "01-12-2028"}).status_code == 302
        assert old.renewed_by().valid_to == datetime.date(2028, 12, 1)

    def test_a_revoked_one_can_have_something_in_its_place(self, foi, old):
        Certificate.objects.filter(pk=old.pk).update(revoked_on=ON)
        assert "opret det som fornyelsen" in words(foi.get(old.get_absolute_url()))
        assert (
            foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(newer())}).status_code
            == 302
        )

    def test_the_chain_is_shown_from_old_to_new(self, foi):
        first = factories.certificate(name="Første")
        second = factories.certificate(name="Anden", replaces=first)
        third = factories.certificate(name="Tredje", replaces=second)
        factories.certificate(
            name="Fejl", replaces=second, archived_at=timezone.now(), archive_reason="Forkert fil"
        )
        for each in (first, second, third):
            assert queries.chain(each) == [first, second, third]
            page = words(foi.get(each.get_absolute_url()))
            assert page.index("Fornyelser, ældste først") < page.rindex("Første") < page.rindex("Anden")
            assert "Fejl" not in page


class TestQuestions:
    def test_one_that_is_renewed_already_leads_to_the_newest(self, foi, old):
        middle = factories.certificate(name="Mellem", replaces=old)
        newest = factories.certificate(name="Nyeste", replaces=middle, valid_to=datetime.date(2033, 5, 4))
        page = words(foi.get(renewal_of(old)))
        assert "«KY produktion» er allerede fornyet af «Mellem»." in page
        assert "Vil du forny det nyeste i stedet? Det er Nyeste , der udløber 4. maj 2033" in page
        assert renewal_of(newest).encode() in foi.get(renewal_of(old)).content
        answer = foi.post(renewal_of(old), {"name": "x", "file": upload(newer())})
        assert answer.status_code == 409
        assert Certificate.objects.count() == 3

    def test_an_archived_one_is_restored_first(self, foi):
        old = factories.certificate(name="KY", archived_at=timezone.now(), archive_reason="x")
        assert "«KY» er arkiveret. Gendan det først." in words(foi.get(renewal_of(old)))

    def test_when_its_renewal_was_archived_it_can_be_renewed_again(self, foi, old):
        wrong = factories.certificate(
            name="Forkert", replaces=old, archived_at=timezone.now(), archive_reason="x"
        )
        assert (
            foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(newer())}).status_code
            == 302
        )
        restore = reverse("certificate-restore", args=[wrong.pk])
        answer = foi.post(restore, opened(foi, restore))
        assert answer.status_code == 409
        assert "Et andet er kommet i dets sted imens." in words(answer)

    @pytest.mark.parametrize("until", [moment(2028, 3, 1, 10), moment(2027, 1, 1)])
    def test_one_that_ends_no_later_is_asked_about(self, foi, old, until):
        other = made(serial=5, until=until)
        answer = foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(other)})
        assert answer.status_code == 422
        assert "og det gamle udløber 1. mar. 2028" in words(answer)
        assert Certificate.objects.count() == 1
        form = Page(answer).edit["fields"]
        assert "sure" not in form
        assert foi.post(renewal_of(old), form | {"sure": "on"}).status_code == 302
        assert old.renewed_by().serial == "5"

    def test_the_old_one_s_own_file_is_refused(self, foi, old):
        answer = foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(made_of(old))})
        assert answer.status_code == 422
        assert "Det er det certifikat, der skal fornyes. Vælg det nye." in words(answer)

    def test_one_it_came_in_place_of_itself_is_refused(self, foi):
        first = kept(name="Første")
        second = factories.certificate(name="Anden", replaces=first)
        answer = foi.post(
            renewal_of(second), opened(foi, renewal_of(second)) | {"file": upload(made_of(first))}
        )
        assert answer.status_code == 422
        assert "«Første» er et af dem, som «Anden» selv har fornyet" in words(answer)

    def test_one_that_renews_another_is_refused(self, foi, old):
        another = factories.certificate(name="Et andet")
        new = kept(newer(), name="Nyt", replaces=another)
        answer = foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(made_of(new))})
        assert "«Nyt» fornyer «Et andet»" in words(answer)

    def test_an_archived_known_one_is_restored_first(self, foi, old):
        new = kept(newer(), name="Nyt", archived_at=timezone.now(), archive_reason="x")
        answer = foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(made_of(new))})
        assert "«Nyt», men er arkiveret. Gendan det først." in words(answer)

    def test_a_known_one_can_be_what_comes_in_its_place(self, foi, old):
        daf = factories.component(code="DAF")
        new = kept(newer(), name="Nyt", location="Andetsteds", assets=[daf])
        answer = foi.post(
            renewal_of(old), opened(foi, renewal_of(old)) | {"file": upload(made_of(new)), "assets": ["KY"]}
        )
        assert answer.status_code == 422
        assert "findes allerede som «Nyt». Skal det være det, der afløser «KY produktion»?" in words(answer)
        form = Page(answer).edit["fields"]
        answer = foi.post(renewal_of(old), form | {"link": "on", "assets": ["KY"]})
        assert answer.status_code == 302, words(answer)
        assert answer.url == new.get_absolute_url()
        now = Certificate.objects.get(pk=new.pk)
        assert (now.replaces, now.name, now.location) == (old, "Nyt", "Andetsteds")
        assert set(now.assets.values_list("code", flat=True)) == {"DAF", "KY"}

    def test_a_private_key_is_refused_here_too(self, foi, old):
        before = Change.objects.count()
        secret = SimpleUploadedFile("x.p12", files.p12())
        answer = foi.post(renewal_of(old), opened(foi, renewal_of(old)) | {"file": secret})
        assert answer.status_code == 422
        assert "PKCS#12" in words(answer)
        assert (Certificate.objects.count(), Change.objects.count()) == (1, before)


def made_of(certificate: Certificate) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.pem.encode())


class TestRules:
    def test_the_database_lets_one_be_renewed_once(self, old):
        factories.certificate(replaces=old)
        with pytest.raises(IntegrityError, match=r"certificate_renewed_once|replaces"), transaction.atomic():
            factories.certificate(replaces=old)

    def test_the_service_says_by_what(self, old):
        by = factories.certificate(replaces=old)
        with pytest.raises(renewing.AlreadyRenewed) as refused:
            renewing.renew(old=old, new=Certificate(name="x", kind="other"), assets=[])
        assert refused.value.by == by


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_renew_it_at_once_the_second_is_told():
    """On SQLite writers come one at a time."""
    for _ in range(4):
        old = factories.certificate()
        clients = [factories.client("FOI") for _ in range(4)]
        forms = [opened(client, renewal_of(old)) | {"valid_to": "01-12-2031"} for client in clients]
        together = Barrier(len(clients))

        def renew(
            number: int, forms: Any = forms, clients: Any = clients, together: Any = together, old: Any = old
        ) -> int:
            together.wait()
            try:
                return int(clients[number].post(renewal_of(old), forms[number]).status_code)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(clients)) as pool:
            codes = sorted(pool.map(renew, range(len(clients))))
        assert codes == [302, 409, 409, 409]
        assert Certificate.objects.filter(replaces=old).count() == 1


class TestDeadlines:
    def test_are_those_to_be_renewed_that_end_by_then(self):
        department = factories.organisation(code="BSF")
        ky = factories.system(code="KY", department=department)
        sp = factories.component(code="SP")
        late = factories.certificate(name="Udløbet", valid_to=datetime.date(2026, 11, 1))
        today = factories.certificate(name="I dag", valid_to=ON)
        soon = factories.certificate(name="Snart", valid_to=datetime.date(2026, 12, 31), assets=[ky, sp])
        factories.certificate(name="Senere", valid_to=datetime.date(2027, 1, 1))
        factories.certificate(name="Spærret", valid_to=ON, revoked_on=ON)
        factories.certificate(name="Arkiveret", valid_to=ON, archived_at=timezone.now(), archive_reason="x")
        factories.certificate(name="Uden dato", valid_to=None)
        before = factories.certificate(name="Fornyet", valid_to=ON)
        factories.certificate(name="Fornyelsen", valid_to=datetime.date(2029, 1, 1), replaces=before)
        found = list(due.load(ON, datetime.date(2026, 12, 31)))
        assert [each.subject for each in found] == ["Udløbet", "I dag", "Snart"]
        assert [each.title for each in found] == ["Udløbet udløb", "I dag udløb", "Snart udløber"]
        assert found[0].key == f"certificate/{late.pk}/2026-11-01"
        assert found[1].days_left(ON) == 0
        assert (found[2].assets, found[2].organisations) == (tuple(sorted((ky.pk, sp.pk))), (department.pk,))
        assert found[2].cared_for_as == f"certificate/{soon.pk}"
        renew, correct = found[2].acts
        assert (renew.label, renew.url, renew.permission) == (
            "Forny",
            renewal_of(soon),
            "registry.add_certificate",
        )
        assert (correct.label, correct.permission) == ("Ret", "registry.change_certificate")
        assert today.get_absolute_url() == found[1].url

    def test_its_key_moves_with_its_date(self):
        certificate = factories.certificate(valid_to=ON)
        (first,) = due.load(ON, ON)
        Certificate.objects.update(valid_to=ON - datetime.timedelta(days=1))
        (second,) = due.load(ON, ON)
        assert first.key != second.key
        assert second.key.startswith(f"certificate/{certificate.pk}/")

    def test_are_asked_for_in_two_queries(self, django_assert_num_queries):
        for _ in range(5):
            factories.certificate(valid_to=ON, assets=[factories.system()])
        with django_assert_num_queries(2):
            assert len(list(due.load(ON, ON))) == 5

    def test_are_known_to_the_calendar(self):
        factories.certificate(name="KY", valid_to=ON)
        assert [each.subject for each in deadlines.load(ON, ON, {"certificate"})] == ["KY"]
