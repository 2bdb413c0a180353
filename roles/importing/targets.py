"""What the files of this app point at: roles by code, people by e-mail, users by name, and where a role is held."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from foi_portal.core.models import User
from registry.importing import Known, Target
from registry.models import Asset, Organisation
from roles.models import EditionState, Person, Role, RoleEdition


def has_catalogue() -> bool:
    """Whether an edition is in use; if not, an imported one is taken into use at once."""
    return RoleEdition.objects.filter(state=EditionState.IN_USE).exists()


def _roles() -> Iterator[Known]:
    for pk, code, name, archived_at in Role.objects.order_by().values_list(
        "pk", "code", "name", "archived_at"
    ):
        gone = (
            "Rollen er arkiveret og kan ikke tildeles. Vælg en anden, eller gendan den."
            if archived_at
            else ""
        )
        yield Known(code, name, (pk,), gone)


def _people() -> Iterator[Known]:
    rows = Person.objects.exclude(email="").order_by(F("archived_at").asc(nulls_last=True), "pk")
    for pk, email, name, archived_at, now, now_email in rows.values_list(
        "pk", "email", "name", "archived_at", "merged_into__name", "merged_into__email"
    ):
        gone = ""
        if archived_at:
            gone = f"{name} er lagt sammen med {now or 'en anden'}. " + (
                f"Skriv {now_email} i stedet." if now_email else "Skriv den anden i stedet."
            )
        yield Known(email, name, (pk,), gone)


def _users() -> Iterator[Known]:
    for user in User.objects.order_by():
        yield Known(user.get_username(), user.get_full_name(), (user.pk,))


def _scopes() -> Iterator[Known]:
    """Assets and organisations. Where both have a code, it is the asset's, and the organisation goes by its name."""
    assets = Asset.objects.order_by().values_list("pk", "code", "name", "archived_at")
    taken = set()
    for pk, code, name, archived_at in assets:
        taken.add(code)
        yield Known(code, name, (pk, None), ARCHIVED if archived_at else "")
    organisations = Organisation.objects.order_by().values_list("pk", "code", "name", "archived_at")
    for pk, code, name, archived_at in organisations:
        yield Known(name if code in taken else code, name, (None, pk), ARCHIVED if archived_at else "")


ARCHIVED = "Den er arkiveret i portalen. Vælg en anden, eller gendan den."

ROLE = Target("role", "Rollens kode", _roles, lambda: () if has_catalogue() else ("roles",))
PERSON = Target("person", "E-mailadressen", _people, lambda: ("people",))
USER = Target("user", "Brugernavnet", _users)
SCOPE = Target("scope", "Koden", _scopes, lambda: ("components", "systems", "organisations"))

__all__ = ["PERSON", "ROLE", "SCOPE", "USER", "has_catalogue"]
