"""Queries of the pages about reminders: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from coordination.models import Caretaker, Reminder
from foi_portal.core.models import OutboxMail
from registry.models import Agreement, Certificate
from roles.models import Person
from tests.queries.deadlines import BOARD

DETAIL, AHEAD = 20, 40
FIRST = 170_001  # keys of the agreements, certificates and people; the first ones have pages

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "påmindelser": (AHEAD, "reminder-rule-list", [], ""),
    "påmindelser om en aftale": (AHEAD, "reminder-rule-list", [], f"sag=agreement/{FIRST}"),
    "formular: regel for påmindelser": (DETAIL, "reminder-rule-update", ["certificate"], ""),
    "mine påmindelser": (DETAIL, "reminder-preference", [], ""),
    "formular: en andens påmindelser": (DETAIL, "reminder-preference-person", [FIRST], ""),
    "formular: overdrag, hvad en passer på": (DETAIL, "care-handover", [FIRST], ""),
    "hvad en passer på": (BOARD, "person-detail", [FIRST], ""),
    "formular: ansvarlig for en aftale": (DETAIL, "agreement-caretaker", [FIRST], ""),
    "formular: ansvarlig for et certifikat": (DETAIL, "certificate-caretaker", [FIRST], ""),
}


def grow(start: int, count: int) -> None:
    """As many agreements and certificates that end soon, cared for by the first person, each told of in a mail."""
    today = timezone.localdate()
    keys = range(FIRST + start, FIRST + count)
    Person.objects.bulk_create(
        Person(pk=key, name=f"Passer {key}", email=f"passer{key}@odense.example") for key in keys
    )
    ends = today + datetime.timedelta(days=20)
    period: dict[str, Any] = {"valid_from": datetime.date(2024, 1, 1), "valid_to": ends}
    Agreement.objects.bulk_create(
        Agreement(pk=key, name=f"Aftale {key}", kind="service", status="active", **period) for key in keys
    )
    Certificate.objects.bulk_create(
        Certificate(pk=key, name=f"Certifikat {key}", kind="other", **period) for key in keys
    )
    cares = [Caretaker(agreement_id=key, person_id=FIRST) for key in keys]
    Caretaker.objects.bulk_create(cares + [Caretaker(certificate_id=key, person_id=FIRST) for key in keys])
    OutboxMail.objects.bulk_create(
        OutboxMail(
            pk=key,
            occasion=f"reminder/{key}",
            recipient_key=f"person/{FIRST}",
            address=f"passer{FIRST}@odense.example",
            subject=f"Mail {key}",
            message_id=f"<{key}@reminders>",
        )
        for key in keys
    )
    Reminder.objects.bulk_create(
        Reminder(
            key=f"agreement_end/{FIRST}/{ends}",
            matter=f"agreement/{FIRST}",
            step=str(key),
            recipient_key=f"person/{FIRST}",
            recipient_name="Passer",
            on=today,
            mail_id=key,
        )
        for key in keys
    )
