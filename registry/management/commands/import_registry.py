"""``manage.py import_registry DIR_OR_FILE [--commit]``: the import from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser

from foi_portal.core.models import User
from registry.importing import (
    ImportRefused,
    Plan,
    PlanHasProblems,
    Reading,
    SourceFile,
    apply_reading,
    make_plan,
    read_files,
)

SUFFIXES = (".csv", ".xlsx")


class Command(BaseCommand):
    help = (
        "Indlæser landskabet, rollekataloget, personer, tildelinger og budgetlinjer fra CSV eller XLSX. "
        "Uden --commit er det en prøvekørsel. Med fejl skrives intet, og afslutningskoden er 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="DIR_OR_FILE", help="en mappe med filer eller én fil")
        parser.add_argument("--commit", action="store_true", help="gennemfør importen")
        parser.add_argument("--reason", default="", help="begrundelse i historikken")
        parser.add_argument("--user", default="", help="brugernavn på den, der står for importen")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = _user(options["user"])
        reading = self.read(options["path"])
        if not options["commit"]:
            plan = make_plan(reading)
            self._tell(plan, "ville blive")
            if plan.problems:
                raise CommandError(_faults(plan))
            self.stdout.write("Prøvekørsel: intet er skrevet. Brug --commit for at gennemføre.")
            return
        try:
            done = apply_reading(
                reading, actor=actor, reason=options["reason"] or f"Import af {options['path'].name}"
            )
        except PlanHasProblems as refused:
            self._tell(refused.plan, "ville blive")
            raise CommandError(_faults(refused.plan)) from refused
        except ImportRefused as refused:
            raise CommandError(str(refused)) from refused
        self._tell(done.plan, "er")
        if done.plan.changes:
            self.stdout.write(f"Gennemført. Ændringssæt {done.change_set}.")
        else:
            self.stdout.write("Der var ikke noget at ændre.")

    def read(self, path: Path) -> Reading:
        """What there is to import. Errors: ``CommandError``."""
        return read_files(source_files(path))

    def _tell(self, plan: Plan, verb: str) -> None:
        for file in plan.files:
            self.stdout.write(
                f"{file.file}: {len(file.created)} {verb} oprettet, {len(file.updated)} {verb} ændret, "
                f"{file.unchanged} uændret"
            )
        for note in plan.notes:
            self.stdout.write(f"Bemærk: {note}")
        for problem in plan.problems:
            self.stderr.write(f"Fejl: {problem}")


def source_files(path: Path) -> list[SourceFile]:
    """The file, or the CSV and XLSX files of the directory by name. Errors: ``CommandError``."""
    if path.is_dir():
        paths = sorted(p for p in path.iterdir() if p.suffix.casefold() in SUFFIXES and p.is_file())
        if not paths:
            raise CommandError(f"Der er ingen CSV- eller XLSX-filer i {path}.")
    elif path.is_file():
        paths = [path]
    else:
        raise CommandError(f"{path} findes ikke.")
    for each in paths:
        if each.stat().st_size > settings.UPLOAD_MAX_BYTES:
            megabytes = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
            raise CommandError(f"{each} fylder mere end {megabytes} MB.")
    return [SourceFile(each.name, each.read_bytes()) for each in paths]


def _user(username: str) -> User | None:
    if not username:
        return None
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"Der er ingen aktiv bruger, der hedder {username}.")
    return user


def _faults(plan: Plan) -> str:
    count = len(plan.problems)
    return f"{count} fejl. Intet er skrevet."
