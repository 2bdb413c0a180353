"""``manage.py load_demo``: the demonstration landscape, its people and users, only on a developer's machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from budgets import demo as budgets_demo
from coordination import reminder_demo
from coordination.hygiene import checking as hygiene
from foi_portal.core.history import recording
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE, sync_groups
from registry.agreements import demo as agreements_demo
from registry.certificates import demo as certificates_demo
from registry.importing import ImportRefused, PlanHasProblems, apply_reading, read_files
from registry.management.commands.import_registry import source_files
from roles import demo

LANDSCAPE = Path(settings.BASE_DIR) / "registry" / "demo"
REASON = "Demonstrationsdata"
PASSWORD = "foi-demo-2026"  # noqa: S105  (the demonstration's own, refused outside DEBUG)
# username → first name, last name, group
USERS = {
    "foi": ("Karin", "Toft", FOI),
    "system": ("Lone", "Friis", RESPONSIBLE),
    "chef": ("Helle", "Damgaard", MANAGER),
    "laeser": ("Sofie", "Lind", READER),
    "admin": ("Portalens", "administrator", ADMINISTRATOR),
}


class Command(BaseCommand):
    help = "Indlæser demonstrationslandskabet, dets personer og brugere. Kun med DEBUG. Kan køres igen."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("load_demo kører kun med DEBUG: brugernes adgangskode er offentlig.")
        with recording(kind=Change.Kind.SYSTEM, reason=REASON):
            sync_groups()
            for username, (first_name, last_name, group) in USERS.items():
                _user(username, first_name=first_name, last_name=last_name, group=group)
        # Rows that are there stay as they are: starting the portal again must not take back what people edited.
        made = _load(LANDSCAPE, only_new=True)
        if made:  # then the old names, for which the published format has no column
            _load(LANDSCAPE / "names", only_new=False)
        on = timezone.localdate()
        with recording(kind=Change.Kind.SYSTEM, reason=REASON):
            made += demo.load_catalogue(on=on) + demo.load_people(on=on) + demo.load_assignments(on=on)
            made += agreements_demo.load(on=on) + certificates_demo.load(on=on) + reminder_demo.load()
            foi, manager = (User.objects.get(username=name) for name in ("foi", "chef"))
            lines = budgets_demo.load(foi=foi, manager=manager)
        if lines:  # acts of their own, so that there is something that has happened since
            budgets_demo.carry_on(foi=foi, manager=manager)
        made += lines
        hygiene.check(now=timezone.now())  # as every night, so that /oprydning/ is not empty
        self.stdout.write(
            f"Demonstrationslandskabet er på plads ({made} rækker oprettet). "
            f"Log ind som {', '.join(USERS)} med adgangskoden {PASSWORD}."
        )


def _load(directory: Path, *, only_new: bool) -> int:
    """Import the directory. Out: how many rows were written. Errors: ``CommandError``."""
    try:
        done = apply_reading(
            read_files(source_files(directory)), actor=None, reason=REASON, only_new=only_new
        )
    except PlanHasProblems as refused:
        raise CommandError("\n".join(map(str, refused.plan.problems))) from refused
    except ImportRefused as refused:
        raise CommandError(str(refused)) from refused
    return done.plan.changes


def _user(username: str, *, first_name: str, last_name: str, group: str) -> None:
    """Make the user if missing; an existing one gets the demonstration's password, name and group back."""
    name = {"first_name": first_name, "last_name": last_name}
    user, made = User.objects.get_or_create(username=username, defaults=name)
    wanted = {**name, "is_staff": group in (ADMINISTRATOR, FOI), "is_superuser": False, "is_active": True}
    if made or not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        user.save()
    if any(getattr(user, name) != value for name, value in wanted.items()):
        User.objects.filter(pk=user.pk).update(**wanted)
    user.groups.add(Group.objects.get(name=group))
