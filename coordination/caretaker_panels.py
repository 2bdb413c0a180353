"""What other pages show of caretakers and reminders: registered by ``CoordinationConfig.ready``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from coordination import caretakers, preferring
from coordination.models import Caretaker, Reminder, ReminderPreference
from coordination.reminding import OUTCOMES
from coordination.views.caretakers import cared_for
from foi_portal.core.models import MailState
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from registry.models import Agreement, Certificate
from roles.models import Person

SHOWN = 6  # reminders that were sent


def register() -> None:
    of_matter = Panel("caretaker", "coordination/panel_caretaker.html", matter_panel, "side", 15)
    for model in (Agreement, Certificate):
        register_panel(model, of_matter)
    register_panel(Person, Panel("cares-for", "coordination/panel_cares_for.html", person_panel, "side", 20))


def matter_panel(request: HttpRequest, matter: Agreement | Certificate) -> dict[str, Any] | None:
    """Who looks after an agreement or a certificate, and who has been reminded of it. Two queries."""
    if not may(request.user, "view", Caretaker):
        return None
    name = f"{caretakers.field_of(matter)}/{matter.pk}"
    told = Reminder.objects.about(name).select_related("mail").defer("mail__text", "mail__html")
    return {
        "caretaker": caretakers.of(matter),
        "name": name,
        "url_name": f"{caretakers.field_of(matter)}-caretaker",
        "told": [(one, OUTCOMES[MailState(one.mail.state)]) for one in told[:SHOWN]],
        "may_appoint": may(request.user, "change", Caretaker) and not matter.is_archived,
    }


def person_panel(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """What a person looks after and how they are reminded. Two queries."""
    if not may(request.user, "view", Caretaker):
        return None
    own = person.user_id is not None and person.user_id == request.user.pk
    may_set = may(request.user, "change", ReminderPreference)
    return {
        "rows": cared_for(person),
        "weekly": preferring.is_weekly(person),
        "own": own,
        "may_set": may_set,
        "may_hand_over": may(request.user, "change", Caretaker),
    }


__all__ = ["matter_panel", "person_panel", "register"]
