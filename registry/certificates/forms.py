"""Forms of certificates: from a file or typed in, a renewal, and that one is revoked.

The chosen file is read at once and not kept: only the public certificate travels on, in the hidden field ``read``,
and is judged anew each time. What a file tells goes before what is typed.
"""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from foi_portal.ui import formats
from registry.certificates.fields import AssetsField, HexField, SerialField, rows_of
from registry.certificates.queries import has_before
from registry.certificates.reading import MAX_BYTES, TOO_LARGE, Facts, Refused, has_key_mark, read
from registry.forms import Day
from registry.models import Certificate, CertificateKind, Environment

FACTS = (
    "subject",
    "issuer",
    "serial",
    "sha256",
    "valid_from",
    "valid_to",
)  # what people type where there is no file
TYPED = ("name", "location", "note", "subject", "issuer")  # where somebody could paste a key
KEY_TYPED = "Feltet indeholder en privat nøgle. Fjern den: nøgler må ikke ligge i portalen."
AGAIN = "Filen blev ikke modtaget hel. Vælg den igen."
LOST = "Vælg filen igen, eller skriv oplysningerne selv."


class CertificateForm(forms.ModelForm[Certificate]):
    """Create and edit. ``facts`` is what the file told, once judged; ``known`` the certificate that it is already.

    One whose facts were read has no fields for them. ``assets_were`` says which assets the form was made with, so that
    somebody else's change of them is noticed: it does not raise the certificate's version.
    """

    file = forms.FileField(
        label="Certifikatets fil",
        required=False,
        allow_empty_file=True,  # the reading says what to do
        help_text="Den offentlige del: .cer, .crt, .pem, .der eller .p7b, højst 512 kB. Aldrig .p12 eller .pfx.",
        widget=forms.FileInput(attrs={"accept": ".cer,.crt,.pem,.der,.p7b,.p7c,.txt"}),
    )
    read = forms.CharField(required=False, widget=forms.HiddenInput)
    assets_were = forms.CharField(required=False, widget=forms.HiddenInput)
    assets = AssetsField(label="Fagsystemer og komponenter, der bruger det", required=False)
    serial = SerialField(label="Serienummer", max_length=160, required=False, help_text="Fx 0A:1B:2C")
    sha256 = HexField(
        label="Fingeraftryk (SHA-256)", max_length=200, required=False, empty_value=None, help_text="64 tegn."
    )
    valid_from = Day(label="Gælder fra", required=False)
    valid_to = Day(label="Udløber", required=False, help_text="Den dag, det holder op med at virke.")
    revoked_on = Day(label="Spærret", required=False, help_text="Ryd feltet, hvis det ikke er spærret.")

    class Meta:
        model = Certificate
        fields = (
            "name",
            "kind",
            "environment",
            "assets",
            "for_one_system",
            "location",
            "note",
            *FACTS,
            "revoked_on",
        )
        widgets: ClassVar[Any] = {"note": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts: Facts | None = None
        self.known: Certificate | None = None
        self.fields["kind"].choices = [("", "Vælg"), *CertificateKind.choices]  # type: ignore[attr-defined]
        self.fields["name"].help_text = "Så man kan kende det fra de andre, fx «KY, produktion»."
        if self.instance._state.adding:
            del self.fields["revoked_on"]
        if self.instance.is_read:
            for name in (*FACTS, "file", "read"):
                del self.fields[name]
        elif self.is_bound and (self.files.get("file") or self.data.get("read")):
            for name in ("name", "kind"):  # the file may tell
                self.fields[name].required = False
        self._know_present()

    def _know_present(self) -> None:
        """The assets that stand there: on the form, and for the field that may keep archived ones."""
        keys = sorted(self.instance.assets.values_list("pk", flat=True)) if self.instance.pk else []
        self.fields["assets"].present = set(keys)  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["assets"] = keys
            self.initial["assets_were"] = ",".join(map(str, keys))
        else:
            del self.fields["assets_were"]

    @property
    def asset_rows(self) -> list[tuple[int, str]]:
        return rows_of(self["assets"])

    @property
    def assets_before(self) -> list[int] | None:
        """Keys of the assets that the form was made with; None when what was sent is no keys."""
        parts = [part for part in str(self.data.get("assets_were", "")).split(",") if part]
        return sorted(map(int, parts)) if all(part.isdecimal() and len(part) < 19 for part in parts) else None

    def clean_note(self) -> str:
        """Browsers send line ends as two signs: the same text must not count as a change."""
        return str(self.cleaned_data["note"]).replace("\r\n", "\n")

    def clean_sha256(self) -> str | None:
        value: str | None = self.cleaned_data["sha256"]
        if value and (known := Certificate.objects.filter(sha256=value).exclude(pk=self.instance.pk).first()):
            raise ValidationError(f"Certifikatet findes allerede: «{known}».")
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "file" in self.fields:
            self._read()
        if self.facts is not None:
            self._take(self.facts)
        self._judge_days()
        for name in TYPED:
            if has_key_mark(str(cleaned.get(name, "")).encode()):
                self.add_error(name, KEY_TYPED)
        for name in ("name", "kind"):  # only the file made them optional
            self.fields[name].required = True
        return cleaned

    def _read(self) -> None:
        """Judge the file, or what is left of one chosen before. Neither is kept where it is refused."""
        upload, before = self.cleaned_data.get("file"), self.cleaned_data.get("read")
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data["read"] = ""
        self.data = data
        try:
            if self.errors.pop("read", None):
                raise Refused(AGAIN)
            if upload is not None:
                if upload.size > MAX_BYTES:
                    raise Refused(TOO_LARGE)
                self.facts = read(upload.read())
            elif before:
                self.facts = read(before.encode())
        except Refused as refused:
            self.add_error("file", f"{refused}" if upload is not None else f"{refused} {LOST}")

    def _take(self, facts: Facts) -> None:
        data: Any = self.data
        data["read"] = facts.pem
        self.known = Certificate.objects.filter(sha256=facts.sha256).exclude(pk=self.instance.pk).first()
        for name in FACTS:
            self.errors.pop(name, None)
            self.cleaned_data[name] = getattr(facts, name)
        for name in ("expires_at", "key_usage", "oces_id", "pem"):
            setattr(self.instance, name, getattr(facts, name))
        for name, missing in (("name", "Skriv et navn."), ("kind", "Vælg, hvad det er.")):
            if self.cleaned_data.get(name) or name in self.errors:
                continue
            if told := getattr(facts, name):
                self.cleaned_data[name] = told
            else:
                self.add_error(name, missing)

    def _get_validation_exclusions(self) -> set[str]:
        """What the file may tell is not missed while the file is refused."""
        left_out: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        told = {name for name in ("name", "kind") if not self.cleaned_data.get(name)}
        return left_out | told if "file" in self.errors else left_out

    def _judge_days(self) -> None:
        begins, ends = self.cleaned_data.get("valid_from"), self.cleaned_data.get("valid_to")
        if begins and ends and ends <= begins:
            self.add_error("valid_to", "Udløbsdatoen skal ligge efter startdatoen.")


class RenewForm(CertificateForm):
    """The certificate that comes in place of ``old``. What is carried over can be changed.

    What may be a slip is asked about once: ``sure`` says that the new one may end first, ``link`` that one the portal
    knows already is the new one.
    """

    sure = forms.BooleanField(label="Ja, det nye er rigtigt", required=False)
    link = forms.BooleanField(label="Ja, det er det, der kommer i stedet", required=False)

    CARRIED = ("name", "kind", "environment", "for_one_system", "location")

    def __init__(self, *args: Any, old: Certificate, **kwargs: Any) -> None:
        self.old = old
        carried = {name: getattr(old, name) for name in self.CARRIED}
        users = sorted(old.assets.values_list("pk", flat=True))
        kwargs["initial"] = carried | {"assets": users} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["assets"].present = set(users)  # type: ignore[attr-defined]

    @property
    def questions(self) -> list[Any]:
        """Those that have been asked: answered or not."""
        return [
            self[name]
            for name in ("sure", "link")
            if self.is_bound and (self[name].errors or self[name].value())
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.known is not None:
            self._judge_known(self.known)
        elif self.facts is not None and self.facts.sha256 == self.old.sha256:
            self.add_error("file", "Det er det certifikat, der skal fornyes. Vælg det nye.")
        ends = cleaned.get("valid_to")
        if "valid_to" in self.fields and ends is None and self.old.valid_to and "valid_to" not in self.errors:
            self.add_error("valid_to", "Vælg det nye certifikats fil, eller skriv, hvornår det udløber.")
        if (
            ends
            and self.old.valid_to
            and ends <= self.old.valid_to
            and not cleaned.get("sure")
            and not self.errors
        ):
            self.add_error(
                "sure",
                f"Det nye udløber {formats.date(ends)}, og det gamle udløber {formats.date(self.old.valid_to)}. "
                "Vælg en anden fil, eller sæt flueben, hvis det er rigtigt.",
            )
        return cleaned

    def _judge_known(self, known: Certificate) -> None:
        if known == self.old:
            self.add_error("file", "Det er det certifikat, der skal fornyes. Vælg det nye.")
        elif known.is_archived:
            self.add_error(
                "file", f"Certifikatet findes allerede som «{known}», men er arkiveret. Gendan det først."
            )
        elif has_before(self.old, known):
            self.add_error(
                "file", f"«{known}» er et af dem, som «{self.old}» selv har fornyet. Vælg det nye."
            )
        elif known.replaces_id is not None:
            self.add_error("file", f"Certifikatet findes allerede: «{known}» fornyer «{known.replaces}».")
        elif not self.cleaned_data.get("link"):
            self.add_error(
                "link",
                f"Certifikatet findes allerede som «{known}». Skal det være det, der afløser «{self.old}»?",
            )

    def _get_validation_exclusions(self) -> set[str]:
        """One that is known already is not made again, so that it is there is no fault."""
        left_out = super()._get_validation_exclusions()
        return left_out | {"sha256"} if self.known is not None else left_out


class RevokeForm(forms.Form):
    """From which day a certificate is revoked, and why."""

    revoked_on = Day(label="Spærret den")
    reason = forms.CharField(
        label="Begrundelse",
        max_length=500,
        help_text="Står i historikken. Fx «Nøglen kan være set af andre».",
    )

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        self.on = on
        super().__init__(*args, **kwargs)

    def clean_revoked_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["revoked_on"]
        if day > self.on:
            raise ValidationError("Datoen må ikke ligge i fremtiden.")
        return day


def initial_of(form: CertificateForm) -> dict[str, Any]:
    """What the form begins with after its file was read: what was typed, else what the file told."""
    typed = {name: form[name].value() for name in form.fields if name not in ("file", "read", "sure", "link")}
    typed["for_one_system"] = bool(typed.get("for_one_system"))
    if form.facts is None:
        return typed
    told = {"name": form.facts.name, "kind": form.facts.kind, "read": form.facts.pem}
    if form.facts.is_test and typed.get("environment") == Environment.PRODUCTION:
        told["environment"] = Environment.EXTERNAL_TEST
    return {
        **typed,
        **{
            name: value
            for name, value in told.items()
            if name in ("read", "environment") or not typed.get(name)
        },
    }


__all__ = ["FACTS", "CertificateForm", "RenewForm", "RevokeForm", "initial_of"]
