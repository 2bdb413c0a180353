"""A certificate's file → its facts: what is read, what is refused, and that nothing else is ever raised."""

from __future__ import annotations

import base64
import datetime
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.certificates import oces, reading
from registry.certificates.reading import HoldsKey, Refused, read
from registry.certificates.shapes import Shape, shape_of
from registry.models import CertificateKind
from tests.registry import certificate_files as files
from tests.registry.certificate_files import der, made, moment, name, p7, pem

pytestmark = pytest.mark.anywhere
CHAIN = [made(), *files.authorities()]


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(data)
    return str(refused.value)


class TestFacts:
    def test_are_those_of_the_certificate(self):
        facts = read(pem(made()))
        assert facts.name == "Odense Kommune – KY (systemcertifikat)"
        assert facts.subject == (
            "CN=Odense Kommune – KY (systemcertifikat), serialNumber=UI:DK-O:G:ba2fa92e-6d23-4ef2-8139-8ee90a297cbe, "
            "O=Odense Kommune, organizationIdentifier=NTRDK-35209115, C=DK"
        )
        assert facts.issuer == "CN=Den Danske Stat OCES udstedende-CA 1, O=Den Danske Stat, C=DK"
        assert facts.serial == "1b2b38b030b95e07c1b5fdf04be7c81a76d386ef"
        assert len(facts.sha256) == 64
        assert set(facts.sha256) <= set("0123456789abcdef")
        assert (facts.valid_from, facts.valid_to) == (datetime.date(2025, 3, 1), datetime.date(2028, 3, 1))
        assert facts.expires_at == moment(2028, 3, 1, 10)
        assert facts.key_usage == "digital signatur, kryptering af nøgler"
        assert facts.oces_id == files.HOLDER
        assert facts.pem.encode() == pem(made_again(facts))

    def test_danish_letters_stay_and_commas_are_told_from_those_between(self):
        facts = read(der(made(subject=files.holder("Blåbærgrød ÆØÅ", O="Kultur, Natur og Børn"))))
        assert facts.subject.startswith("CN=Blåbærgrød ÆØÅ, serialNumber=")
        assert "O=Kultur\\, Natur og Børn" in facts.subject

    @pytest.mark.parametrize(
        ("until", "day"),
        [
            (moment(2028, 6, 30, 21, 59, 59), datetime.date(2028, 6, 30)),
            (moment(2028, 6, 30, 22, 0, 0), datetime.date(2028, 7, 1)),  # summer: two hours ahead
            (moment(2028, 12, 31, 22, 59, 59), datetime.date(2028, 12, 31)),
            (moment(2028, 12, 31, 23, 0, 0), datetime.date(2029, 1, 1)),
            (moment(2028, 2, 29, 12), datetime.date(2028, 2, 29)),
        ],
    )
    def test_days_are_danish(self, until, day):
        facts = read(der(made(until=until)))
        assert (facts.valid_to, facts.expires_at) == (day, until)

    def test_a_small_serial_number_has_no_zeroes_before_it(self):
        assert read(der(made(serial=0x0A57))).serial == "a57"

    def test_extended_key_usage_is_in_words_and_a_server_is_known_by_it(self):
        facts = read(pem(files.server()))
        assert facts.kind == CertificateKind.SERVER
        assert facts.key_usage.endswith("server (TLS), klient (TLS)")
        assert facts.oces_id == ""

    def test_one_that_says_nothing_of_its_use_has_none(self):
        facts = read(pem(made(subject=name(CN="x"), issuer=name(CN="y"), usages=())))
        assert (facts.kind, facts.key_usage) == ("", "")


def made_again(facts):
    from cryptography import x509

    return x509.load_pem_x509_certificate(facts.pem.encode())


class TestOces:
    def test_kinds_are_the_models(self):
        assert {oces.SYSTEM, oces.ORGANISATION, oces.OTHER} <= set(CertificateKind.values)

    @pytest.mark.parametrize(
        ("certificate", "kind", "words"),
        [
            (made(), "oces_system", "OCES3-systemcertifikat"),
            (files.organisation(), "oces_organisation", "OCES3-organisationscertifikat"),
            (
                made(subject=files.holder(serial=files.HOLDER.replace("DK-O", "DK-E"))),
                "other",
                "OCES3-brugercertifikat (en medarbejders)",
            ),
            (
                made(
                    subject=name(
                        C="DK", O="ODENSE KOMMUNE // CVR:35209115", serial="CVR:35209115-FID:1234", CN="KY"
                    ),
                    issuer=name(C="DK", O="TRUST2408", CN="TRUST2408 OCES CA III"),
                ),
                "oces_system",
                "OCES2-funktionscertifikat (FOCES), historisk",
            ),
            (
                made(
                    subject=name(
                        C="DK", O="ODENSE KOMMUNE // CVR:35209115", serial="CVR:35209115-UID:1234", CN="KY"
                    ),
                    issuer=name(C="DK", O="TRUST2408", CN="TRUST2408 OCES CA III"),
                ),
                "oces_organisation",
                "OCES2-virksomhedscertifikat (VOCES), historisk",
            ),
        ],
    )
    def test_it_is_recognised(self, certificate, kind, words):
        facts = read(der(certificate))
        assert facts.kind == kind
        assert oces.told(facts.oces_id, facts.kind) == words

    @pytest.mark.parametrize(
        "certificate",
        [
            made(issuer=name(C="DK", O="Den Danske Stats Venner", CN="Den Danske Stat")),
            made(subject=files.holder(serial="UI:DK-O:G:ba2fa92e")),
        ],
    )
    def test_what_only_looks_like_it_is_not(self, certificate):
        assert (read(der(certificate)).oces_id, read(der(certificate)).kind) == ("", "")

    def test_without_a_cvr_number_it_is_of_another_kind(self):
        assert read(der(made(subject=files.holder(company="NTRSE-1234")))).kind == oces.OTHER

    def test_the_state_s_test_certificates_are_known_as_such(self):
        assert read(der(made(issuer=files.TEST_ISSUER))).is_test
        assert not read(der(made())).is_test


class TestForms:
    @pytest.mark.parametrize(
        "data",
        [
            pem(made()),
            der(CHAIN[0]),
            pem(*CHAIN),
            pem(*reversed(CHAIN)),
            p7(*CHAIN),
            p7(*reversed(CHAIN)),
            p7(*CHAIN, encoding=Encoding.PEM),
            pem(CHAIN[0], CHAIN[0]),
            b"\xef\xbb\xbf" + pem(CHAIN[0]),
            pem(CHAIN[0]).replace(b"\n", b"\r\n"),
            pem(CHAIN[0]).decode().encode("utf-16"),
            b"Bag Attributes\n  friendlyName: K\xc3\xb8benhavn\nsubject=CN=KY\n" + pem(*CHAIN),
            base64.encodebytes(der(CHAIN[0])),
        ],
        ids=range(13),
    )
    def test_each_gives_the_end_certificate(self, data):
        assert read(data).name == "Odense Kommune – KY (systemcertifikat)"

    def test_a_chain_without_its_root_and_an_authority_alone_are_read(self):
        assert read(pem(*CHAIN[:2])).oces_id == files.HOLDER
        assert read(pem(CHAIN[1])).name == "Den Danske Stat OCES udstedende-CA 1"

    def test_two_that_are_no_chain_are_not_chosen_between(self):
        message = refusal(pem(made(), files.server()))
        assert "CN=Odense Kommune – KY" in message
        assert "CN=portal.odense.dk" in message
        assert "Upload ét ad gangen" in message

    def test_a_ring_has_no_end(self):
        ring = [made(subject=name(CN=a), issuer=name(CN=b)) for a, b in (("A", "B"), ("B", "A"))]
        assert "i ring" in refusal(pem(*ring))

    def test_pkcs7_of_indefinite_length_is_read(self):
        data = p7(*CHAIN)
        content = data[4:]
        with pytest.warns(UserWarning, match="BER"):
            assert read(b"\x30\x80" + content + b"\0\0").oces_id == files.HOLDER

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")
    def test_those_openssl_makes_are_read(self, tmp_path: Path):
        subject = "/C=DK/organizationIdentifier=NTRDK-35209115/O=Odense Kommune/serialNumber=" + files.HOLDER
        ask = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1095 -utf8 -sha256 "
        command = [
            *ask.split(),
            "-subj",
            f"{subject}/CN=Ældre og Handicap",
            "-keyout",
            "key.pem",
            "-out",
            "c.pem",
        ]
        run("openssl", *command, "-addext", "keyUsage=digitalSignature,nonRepudiation", cwd=tmp_path)
        run("openssl", "x509", "-in", "c.pem", "-outform", "DER", "-out", "c.der", cwd=tmp_path)
        run("openssl", "crl2pkcs7", "-nocrl", "-certfile", "c.pem", "-out", "c.p7b", cwd=tmp_path)
        run(
            "openssl",
            "crl2pkcs7",
            "-nocrl",
            "-certfile",
            "c.pem",
            "-outform",
            "DER",
            "-out",
            "c.p7c",
            cwd=tmp_path,
        )
        (tmp_path / "text.pem").write_bytes(run("openssl", "x509", "-in", "c.pem", "-text", cwd=tmp_path))
        told = run(
            "openssl", "x509", "-in", "c.pem", "-noout", "-serial", "-fingerprint", "-sha256", cwd=tmp_path
        )
        serial, print_ = (line.split("=")[1].lower().replace(":", "") for line in told.decode().splitlines())
        for kind in ("c.pem", "c.der", "c.p7b", "c.p7c", "text.pem"):
            facts = read((tmp_path / kind).read_bytes())
            assert (facts.serial, facts.sha256) == (serial.lstrip("0"), print_), kind
            assert facts.name == "Ældre og Handicap"
            assert "organizationIdentifier=NTRDK-35209115" in facts.subject
            assert facts.key_usage == "digital signatur, underskrift eller segl"
        run(
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            "c.pem",
            "-inkey",
            "key.pem",
            "-passout",
            "pass:x",
            "-out",
            "c.p12",
            cwd=tmp_path,
        )
        for secret in ("key.pem", "c.p12"):
            with pytest.raises(HoldsKey):
                read((tmp_path / secret).read_bytes())


def run(*command: str, cwd: Path) -> bytes:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=30).stdout


class TestPrivateKeys:
    @pytest.mark.parametrize("form", files.KEY_FORMS)
    def test_are_refused_with_advice(self, form):
        with pytest.raises(HoldsKey) as refused:
            read(files.private_keys()[form])
        assert str(refused.value) == reading.PRIVATE_KEY
        assert "Upload kun den offentlige del" in str(refused.value)
        assert "overvej, om certifikatet skal spærres" in str(refused.value)

    @pytest.mark.parametrize("form", files.STORE_FORMS)
    def test_and_so_is_what_holds_one(self, form):
        with pytest.raises(HoldsKey):
            read(files.stores()[form])

    def test_no_password_is_tried_and_no_key_loaded(self, monkeypatch):
        """A file that asks for a million rounds of hashing costs nothing."""
        began = time.perf_counter()
        for data in (*files.private_keys().values(), *files.stores().values()):
            with pytest.raises(HoldsKey):
                read(data)
        assert time.perf_counter() - began < 0.5


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", reading.EMPTY),
            (b" \r\n", reading.EMPTY),
            ("Kære kollega, her er certifikatet".encode(), reading.NOT_ONE),
            (b"PK\x03\x04" + bytes(60), reading.PACKED),
            (b"\x89PNG\r\n\x1a\n" + bytes(60), reading.NOT_ONE),
            (files.request(), reading.REQUEST),
            (files.request(Encoding.DER), reading.REQUEST),
            (files.revocations(), reading.REVOCATIONS),
            (files.public_key(), reading.PUBLIC_KEY),
            (files.public_key(Encoding.DER), reading.PUBLIC_KEY),
            (pem(made()) + b"og lidt mere", reading.MORE_AFTER),
            (der(made()) + b"\0\0\0", reading.MORE_AFTER),
            (p7(*CHAIN) + b"x", reading.MORE_AFTER),
            (pem(made())[:-40], reading.DAMAGED),
            (der(made())[:-40], reading.NOT_ONE),
            (pem(made()).replace(b"MII", b"M!I"), reading.DAMAGED),
            (pem(made()) + files.request(), reading.REQUEST),
            (pem(made()) * (reading.MAX_CHAIN + 1), reading.TOO_MANY),
            (p7(*[made()] * (reading.MAX_CHAIN + 1)), reading.TOO_MANY),
            (bytes(reading.MAX_BYTES + 1), reading.TOO_LARGE),
        ],
        ids=range(20),
    )
    def test_say_what_is_wrong(self, data, message):
        assert refusal(data) == message

    @pytest.mark.parametrize(
        ("since", "until"),
        [
            (moment(1950, 1, 1), moment(2028, 1, 1)),
            (moment(2025, 1, 1), moment(2100, 6, 1)),
            (moment(2025, 1, 1), moment(9999, 12, 31, 23, 59, 59)),
            (moment(2025, 1, 1), moment(2099, 12, 31, 23, 30)),  # in Denmark it is 2100
        ],
    )
    def test_dates_of_another_time(self, since, until):
        assert "mellem 1990 og 2099" in refusal(der(made(since=since, until=until)))

    def test_a_date_in_1899(self):
        """The library makes none before 1950, so one is written over."""
        data = der(made(until=moment(2060, 1, 1)))  # a date with four digits in its year
        assert "1. jan. 1899" in refusal(data.replace(b"20600101000000Z", b"18990101000000Z"))

    def test_a_date_that_is_none(self):
        data = der(made(until=moment(2060, 1, 1)))
        assert refusal(data.replace(b"20600101000000Z", b"20601301000000Z")) == reading.DAMAGED

    def test_one_that_lives_for_hours(self):
        assert "2. mar. 2025" in refusal(der(made(since=moment(2025, 3, 2, 8), until=moment(2025, 3, 2, 18))))

    @pytest.mark.parametrize("sign", ["\0", "\n", "\u202e", "\u2028", "\u200b"])
    def test_names_with_signs_that_cannot_be_seen(self, sign):
        assert refusal(der(made(subject=files.holder(f"KY{sign}")))) == reading.NO_NAMES

    def test_names_that_are_not_there_or_endless(self):
        from cryptography import x509

        assert refusal(der(made(subject=x509.Name([])))) == reading.NO_NAMES
        long = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)] * 20)
        assert refusal(der(made(subject=long))) == reading.NO_NAMES

    def test_names_of_no_known_encoding(self):
        data = der(made(subject=files.holder("KYKYKY")))
        assert refusal(data.replace(b"KYKYKY", b"K\xff\xfeKY\xff")) == reading.DAMAGED

    def test_four_thousand_in_a_chain_and_ten_megabytes_are_refused_at_once(self):
        chain, large = pem(made()) * 4000, bytes(10 * 1024 * 1024)
        began = time.perf_counter()
        assert refusal(chain) == reading.TOO_LARGE
        assert refusal(large) == reading.TOO_LARGE
        assert refusal(b"-----BEGIN X-----" * 25_000) == reading.TOO_MANY
        assert refusal(p7(*[made()] * 400)) == reading.TOO_MANY
        assert time.perf_counter() - began < 1


class TestWhateverTheBytes:
    """Only ``Refused`` is ever raised."""

    SOUND = (
        pem(made()),
        der(made()),
        p7(*CHAIN),
        p7(*CHAIN, encoding=Encoding.PEM),
        files.p12(),
        files.request(),
    )

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=400))
    def test_any(self, data):
        self.reads_or_refuses(data)

    @settings(max_examples=600, deadline=None)
    @given(st.data())
    def test_nearly_sound(self, data):
        sound = data.draw(st.sampled_from(self.SOUND))
        changed = bytearray(sound)
        for at in data.draw(st.lists(st.integers(0, len(sound) - 1), min_size=1, max_size=6)):
            changed[at] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(changed)))
        self.reads_or_refuses(bytes(changed))
        self.reads_or_refuses(bytes(changed[:cut]))
        self.reads_or_refuses(bytes(changed[cut:]))

    def test_every_byte_of_a_certificate_changed(self):
        sound = der(made())
        for at in range(len(sound)):
            for value in (0, 0x30, 0x80, 0xFF, sound[at] ^ 1):
                self.reads_or_refuses(sound[:at] + bytes([value]) + sound[at + 1 :])

    def test_lengths_within_lengths(self):
        self.reads_or_refuses(b"\x30\x80" * 100_000)
        self.reads_or_refuses(b"\x30\x80" + b"\x02\x00" * 200_000)

    @staticmethod
    def reads_or_refuses(data: bytes) -> None:
        try:
            facts = read(data)
        except Refused:
            shape_of(data)
        else:
            assert shape_of(facts.pem.encode()) is None
            assert 1990 <= facts.valid_to.year <= 2099
            assert "\0" not in facts.subject


def test_shapes_are_told_apart():
    assert shape_of(der(made())) is Shape.CERTIFICATE
    assert shape_of(files.p12()) is Shape.PKCS12
    assert shape_of(p7(made())) is Shape.PKCS7
    assert shape_of(files.request(Encoding.DER)) is Shape.REQUEST
