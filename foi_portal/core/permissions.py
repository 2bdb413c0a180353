"""Who may do what: the groups of DESIGN §5 and the one question views ask.

Rights are Django's own model permissions, given to five groups. A right to one single object (the systems
somebody is responsible for) comes from an auth backend of an upper app, through ``has_perm(perm, obj)``.
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import models, transaction

from foi_portal.core.models import User

READER, RESPONSIBLE, FOI, MANAGER, ADMINISTRATOR = (
    "Læser",
    "Systemansvarlig",
    "FOI",
    "Kontorchef",
    "Administrator",
)
READ_REGISTRY = (
    "view_asset",
    "view_component",
    "view_system",
    "view_organisation",
    "view_dependency",
    "view_alternativegroup",
    "view_impactsnapshot",
    "view_agreement",
    "view_certificate",
)
READ_ROLES = tuple(
    f"view_{noun}"
    for noun in (
        "person",
        "absence",
        "role",
        "roleedition",
        "editionentry",
        "rolerequirement",
        "assignment",
        "confirmationround",
        "roundasset",
    )
)
EDIT_ROLES = (
    *(
        f"{verb}_{noun}"
        for verb in ("add", "change")
        for noun in (
            "person",
            "absence",
            "role",
            "roleedition",
            "rolerequirement",
            "assignment",
            "confirmationround",
        )
    ),
    "change_roundasset",
)
# Deadlines and findings are for all who read; a calendar's address and how one wants one's mail are one's own.
READ_COORDINATION = ("view_caretaker", "view_acknowledgement", "view_reminderrule", "view_finding")
EDIT_COORDINATION = (
    "add_caretaker",
    "change_caretaker",
    "add_acknowledgement",
    "change_acknowledgement",
    "change_reminderrule",
    "change_finding",
    "view_calendarlink",
    "change_calendarlink",
    "view_reminderpreference",
    "change_reminderpreference",
)
READ = (*READ_REGISTRY, *READ_ROLES, *READ_COORDINATION)
# Whose budget a component is in may be seen without amounts; every other view right shows kroner.
READ_RESPONSIBILITY = ("view_budgetresponsibility",)
AMOUNTS = (
    "budgetyear",
    "budgetline",
    "estimate",
    "adjustment",
    "adjustmententry",
    "actual",
    "actualimport",
    "columnmapping",
    "forecastround",
    "forecast",
    "sharing",
    "sharepart",
    "pricemodel",
    "price",
    "assumption",
    "assumptionvalue",
    "gain",
)
READ_BUDGETS = (*READ_RESPONSIBILITY, "view_yeardecision", *(f"view_{noun}" for noun in AMOUNTS))
# The state of the year decides further: FOI edits drafts, and what is approved changes by adjustments only.
EDIT_BUDGETS = tuple(
    f"{verb}_{noun}" for verb in ("add", "change") for noun in (*AMOUNTS, "budgetresponsibility")
)
EDIT_REGISTRY = tuple(
    f"{verb}_{noun}"
    for verb in ("add", "change")
    for noun in (
        "component",
        "system",
        "organisation",
        "dependency",
        "alternativegroup",
        "impactsnapshot",
        "agreement",
        "certificate",
    )
)
# Keeping an answer changes nothing in the registry, so all who work with it may. Who did may correct their own.
KEEP_ANSWERS = ("add_impactsnapshot",)
# The outbox and the scheduled jobs (/drift/). Mails may hold anything that FOI and administrators may see.
OPERATE = ("view_outboxmail", "change_outboxmail", "view_scheduledjob")
GROUPS: dict[str, tuple[str, ...]] = {
    READER: READ,
    RESPONSIBLE: (*READ, *READ_RESPONSIBILITY, *KEEP_ANSWERS),
    FOI: (
        *READ,
        *READ_BUDGETS,
        *EDIT_REGISTRY,
        *EDIT_ROLES,
        *EDIT_COORDINATION,
        *EDIT_BUDGETS,
        *OPERATE,
        "add_importjob",
        "view_importjob",
        "view_change",
    ),
    MANAGER: (*READ, *READ_BUDGETS, *KEEP_ANSWERS, *EDIT_BUDGETS, "approve_budgetyear"),
    ADMINISTRATOR: (
        *READ,
        *READ_BUDGETS,
        *EDIT_REGISTRY,
        *EDIT_ROLES,
        *EDIT_COORDINATION,
        *OPERATE,
        "add_importjob",
        "view_importjob",
        "view_change",
        "add_user",
        "change_user",
        "view_user",
        "add_group",
        "change_group",
        "view_group",
    ),
}
ACTIONS = ("view", "add", "change")


def may(user: User | AnonymousUser, action: str, on: models.Model | type[models.Model]) -> bool:
    """Whether ``user`` may ``action`` (view, add or change) this object, or any object of this model.

    Archiving and restoring are changes. A right to the whole model covers each object of it.
    """
    perm = f"{on._meta.app_label}.{action}_{on._meta.model_name}"
    if user.has_perm(perm):
        return True
    return isinstance(on, models.Model) and user.has_perm(perm, on)


def sync_groups() -> None:
    """Make the five groups and give them exactly the permissions listed above. Safe to run again."""
    with transaction.atomic():
        for name, codenames in GROUPS.items():
            group, _ = Group.objects.get_or_create(name=name)
            wanted = set(Permission.objects.filter(codename__in=codenames))
            if set(group.permissions.all()) != wanted:
                group.permissions.set(wanted)


__all__ = [
    "ADMINISTRATOR",
    "FOI",
    "GROUPS",
    "MANAGER",
    "READER",
    "RESPONSIBLE",
    "may",
    "sync_groups",
]
