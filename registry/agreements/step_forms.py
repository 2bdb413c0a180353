"""The small form of each step of an agreement. The rules about dates are the model's, said at the field."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from foi_portal.core.periods import months_after
from foi_portal.ui import formats
from registry.agreements.forms import ENDS_FIRST, UUID_SHAPE, say_wrong_dates
from registry.forms import Day
from registry.models import Agreement, AgreementStatus


class StepForm(forms.ModelForm[Agreement]):
    """One step: the few fields that belong to it, and why. ``to`` is the status that it gives, if any.

    The instance is a copy that the form may write on; ``on`` is today.
    """

    to: ClassVar[str] = ""
    why: ClassVar[bool] = False  # whether a reason must be given

    reason = forms.CharField(
        label="Begrundelse", required=False, max_length=500, help_text="Står i historikken."
    )

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["reason"].required = self.why
        self.fields["reason"].error_messages["required"] = "Skriv en begrundelse."
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])
        for name, value in self.suggested().items():
            self.initial[name] = value
        if self.to:
            self.instance.status = self.to

    def suggested(self) -> dict[str, Any]:
        """What stands in the fields to begin with."""
        return {}

    def _get_validation_exclusions(self) -> set[str]:
        """The table's rules about status and dates are asked too, although most are no fields here."""
        asked = {"status", "requested_on", "decided_on", "valid_from", "valid_to", "reviewed_on"}
        return super()._get_validation_exclusions() - (asked - set(self.errors))  # type: ignore[misc, no-any-return]

    def clean(self) -> dict[str, Any]:
        say_wrong_dates(self, self.to)
        begins, ends = self.instance.valid_from, self.cleaned_data.get("valid_to")
        if "valid_from" not in self.fields and begins and ends and ends <= begins:
            self.add_error("valid_to", ENDS_FIRST)
        return self.cleaned_data


class ApproveForm(StepForm):
    to = AgreementStatus.APPROVED
    decided_on = Day(label="Godkendt den")

    class Meta:
        model = Agreement
        fields = ("decided_on",)

    def suggested(self) -> dict[str, Any]:
        return {"decided_on": self.on}


class RejectForm(ApproveForm):
    to = AgreementStatus.REJECTED
    why = True
    decided_on = Day(label="Afvist den")


class RequestForm(StepForm):
    """Asked for once more; the decision that was is in the history."""

    to = AgreementStatus.REQUESTED
    why = True
    requested_on = Day(label="Anmodet den")

    class Meta:
        model = Agreement
        fields = ("requested_on",)

    def suggested(self) -> dict[str, Any]:
        return {"requested_on": self.on}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.decided_on = None


class ActivateForm(StepForm):
    to = AgreementStatus.ACTIVE
    valid_from = Day(label="Gælder fra")
    valid_to = Day(
        label="Gælder til", required=False, help_text="Den første dag uden aftalen. Tom: løber videre."
    )

    class Meta:
        model = Agreement
        fields = ("valid_from", "valid_to", "uuid")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["uuid"].error_messages["invalid"] = UUID_SHAPE

    def suggested(self) -> dict[str, Any]:
        return {"valid_from": self.instance.valid_from or self.on}


class TerminateForm(StepForm):
    to = AgreementStatus.TERMINATED
    why = True
    valid_to = Day(label="Gælder til", help_text="Den første dag uden aftalen.")

    class Meta:
        model = Agreement
        fields = ("valid_to",)

    @property
    def earliest(self) -> datetime.date:
        """The first day that can be given notice to end on: the end of the notice that is given today."""
        return months_after(self.on, self.instance.notice_months or 0)

    def suggested(self) -> dict[str, Any]:
        """One that has run out ended when it did: giving notice must not put it in force again."""
        if self.instance.has_expired(self.on):
            return {}
        begins = self.instance.valid_from or self.earliest
        after_its_beginning = begins + datetime.timedelta(days=1)
        return {"valid_to": max(self.instance.valid_to or begins, self.earliest, after_its_beginning)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.notice_months and not self.instance.has_expired(self.on):
            months = self.instance.notice_months
            notice = "1 måned" if months == 1 else f"{months} måneder"
            self.fields["valid_to"].help_text = (
                f"Den første dag uden aftalen. Varslet er {notice}, så det bliver tidligst "
                f"{formats.date(self.earliest)}, hvis I ikke aftaler andet."
            )


class LaterEndForm(StepForm):
    """A new last day, which has not come yet."""

    def clean_valid_to(self) -> datetime.date | None:
        ends: datetime.date | None = self.cleaned_data["valid_to"]
        if ends is not None and ends <= self.on:
            raise ValidationError("Slutdatoen skal ligge efter i dag.")
        return ends


class TakeBackForm(LaterEndForm):
    """``before`` is the end that it had before it was terminated."""

    to = AgreementStatus.ACTIVE
    why = True
    valid_to = Day(label="Gælder igen til", required=False, help_text="Tom: løber videre.")

    class Meta:
        model = Agreement
        fields = ("valid_to",)

    def __init__(self, *args: Any, before: datetime.date | None = None, **kwargs: Any) -> None:
        self.before = before
        super().__init__(*args, **kwargs)

    def suggested(self) -> dict[str, Any]:
        return {"valid_to": self.before if self.before is not None and self.before > self.on else None}


class ReviewForm(StepForm):
    reviewed_on = Day(label="Set efter den")

    class Meta:
        model = Agreement
        fields = ("reviewed_on",)

    def suggested(self) -> dict[str, Any]:
        return {"reviewed_on": self.on}

    def clean_reviewed_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["reviewed_on"]
        if day > self.on:
            raise ValidationError("Datoen er ikke kommet endnu. Skriv den dag, aftalen blev set efter.")
        if self.instance.valid_from is not None and day < self.instance.valid_from:
            raise ValidationError("Aftalen gjaldt ikke endnu den dag.")
        return day


class ExtendForm(LaterEndForm):
    valid_to = Day(label="Gælder nu til", help_text="Den første dag uden aftalen.")

    class Meta:
        model = Agreement
        fields = ("valid_to",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ended = self.instance.valid_to

    def suggested(self) -> dict[str, Any]:
        return {"valid_to": None}

    def clean_valid_to(self) -> datetime.date | None:
        ends = super().clean_valid_to()
        if ends is not None and self.ended is not None and ends <= self.ended:
            raise ValidationError(
                f"Aftalen gælder allerede til {formats.date(self.ended)}. Skriv en senere dato."
            )
        return ends


__all__ = [
    "ActivateForm",
    "ApproveForm",
    "ExtendForm",
    "RejectForm",
    "RequestForm",
    "ReviewForm",
    "StepForm",
    "TakeBackForm",
    "TerminateForm",
]
