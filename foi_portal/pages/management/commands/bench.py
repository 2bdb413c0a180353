"""``manage.py bench``: build an invented landscape in a database of its own and measure the portal on it."""

from __future__ import annotations

import csv
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.core.management.base import CommandParser
from django.db import connection
from django.test import Client, override_settings
from psycopg import sql

from foi_portal.core.models import User
from foi_portal.pages.bench import budget, impact, landscape, measure
from foi_portal.pages.bench.landscape import Size
from registry.models import Asset, Dependency

PREFIX = "bench_"
SMALL = Size(90, 10, 300, 1000, vendors=5)
IMPACT = "impact question"  # its name for --only


class Command(BaseCommand):
    help = "Measure pages, search, export and import on an invented landscape (PostgreSQL only)."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        full = Size()
        parser.add_argument("--systems", type=int, default=full.systems)
        parser.add_argument("--components", type=int, default=full.components)
        parser.add_argument("--dependencies", type=int, default=full.dependencies)
        parser.add_argument("--changes", type=int, default=full.changes, help="rows of history")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--rounds", type=int, default=15)
        parser.add_argument("--import-rows", type=int, default=50_000, help="0 leaves the import out")
        parser.add_argument("--only", default="", help="measure only pages with this in the name")
        parser.add_argument(
            "--database", default=f"{PREFIX}foi", help=f"begins with {PREFIX}; dropped and made anew"
        )
        parser.add_argument("--reuse", action="store_true", help="the database from last time, with --keep")
        parser.add_argument("--keep", action="store_true", help="leave the database behind")

    def handle(self, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError(
                "The benchmark needs PostgreSQL: set DATABASE_URL to a server where it may make databases."
            )
        name = options["database"]
        if not name.startswith(PREFIX):
            raise CommandError(
                f"The database is dropped and made anew, so its name must begin with {PREFIX}."
            )
        size = Size(options["systems"], options["components"], options["dependencies"], options["changes"])
        maintenance = dict(connection.settings_dict)
        only = options["only"]
        all_pages = [page for page in measure.pages(size, options["seed"]) if only in page.name]
        budgets = [page for page in budget.pages() if only in page.name]
        try:
            results, impacts = self._measure(name, size, maintenance, all_pages, budgets, options)
            imported = self._import(options["import_rows"], options["seed"]) if options["import_rows"] else ""
        finally:
            connection.close()
            close_pool()
            if not options["keep"]:
                recreate(maintenance, name, make=False)
        self.stdout.write(report(size, results, impacts, imported, options))

    def _measure(
        self,
        name: str,
        size: Size,
        maintenance: dict[str, Any],
        pages: list[measure.Page],
        budgets: list[measure.Page],
        options: dict[str, Any],
    ) -> tuple[list[measure.Result], list[str]]:
        with override_settings(
            DEBUG=False, ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="foi_portal.pages.bench.urls"
        ):
            small: dict[str, int] = {}
            tenth: float | None = None
            with_impact = options["only"] in IMPACT
            if not options["reuse"]:
                self._build(name, SMALL, maintenance, options["seed"])
                client = signed_in()
                small = {page.name: measure.count_queries(client, page)[1] for page in pages}
                if budgets:
                    budget.load(options["seed"], SMALL)
                    small |= {page.name: measure.count_queries(client, page)[1] for page in budgets}
                if with_impact:
                    self._build(name, size.tenth(), maintenance, options["seed"])
                    tenth = impact.question_ms(options["rounds"])
                self._build(name, size, maintenance, options["seed"])
            else:
                use(name)
            client = signed_in()
            results = []
            impacts: list[str] = []
            with measure.raw_connection() as raw:

                def measured(pages: list[measure.Page]) -> None:
                    for page in pages:
                        result = measure.time_page(client, raw, page, 3 if page.slow else options["rounds"])
                        result.queries_small = small.get(page.name)
                        results.append(result)
                        self.stderr.write(
                            f"{page.name}: {result.page_ms or 0:.0f} ms (status {result.status})"
                        )

                measured(pages)
                if with_impact:
                    figures = impact.measured(client, raw, options["rounds"])
                    impacts = impact.report(figures, tenth, question_memory())
                if budgets:  # last, for they make the history twice as long
                    budget.load(options["seed"], size)
                    measured(budgets)
            return results, impacts

    def _build(self, name: str, size: Size, maintenance: dict[str, Any], seed: int) -> None:
        connection.close()
        close_pool()
        recreate(maintenance, name)
        use(name)
        call_command("migrate", verbosity=0, interactive=False)
        start = time.perf_counter()
        landscape.load(seed, size)
        self.stderr.write(
            f"{size.assets} assets, {size.dependencies} dependencies: {time.perf_counter() - start:.1f} s"
        )

    def _import(self, rows: int, seed: int) -> str:
        """Import new dependencies with the real command, in its own process so that its memory can be read."""
        codes = list(Asset.objects.order_by("code").values_list("code", flat=True))
        taken = set(Dependency.objects.values_list("source__code", "target__code", "direction"))
        rng = random.Random(seed + 2)  # noqa: S311 - invented rows
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "dependencies.csv")
            with file.open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out)
                writer.writerow(
                    ["source_code", "target_code", "purpose", "direction", "importance", "status", "since"]
                )
                made = 0
                while made < rows:
                    source, target = rng.choice(codes), rng.choice(codes)
                    if source == target or (source, target, "reads") in taken:
                        continue
                    taken.add((source, target, "reads"))
                    writer.writerow([source, target, f"Opslag {made}", "reads", "degraded", "active", 2020])
                    made += 1
            lines = []
            for what in ("first time", "second time, nothing to change"):
                seconds, megabytes, output = run_import(file)
                lines.append(
                    f"| import of {rows:,} dependencies, {what} | {seconds:.1f} s | {megabytes:.0f} MB |"
                )
                self.stderr.write(output)
        return "\n".join(lines)


# A process inherits the peak memory of the one that starts it, so a small one stands between.
METER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
output = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([status, time.perf_counter() - start, usage.ru_maxrss, output]))
"""


def run_import(file: Path) -> tuple[float, float, str]:
    """Seconds, peak megabytes and last lines of ``manage.py import_registry FILE --commit`` on the bench database."""
    seconds, peak, output = metered("import_registry", str(file), "--commit")
    return seconds, peak, "\n".join(output.splitlines()[-3:])


def question_memory() -> tuple[float, float]:
    """Peak megabytes of a process that only asks for the landscape's version, and of one that asks and answers."""
    begin = "from registry import landscape; "
    answer = "graph = landscape.at().graph; graph.impact([next(iter(graph.edges())).target])"
    _, before, _ = metered("shell", "--no-imports", "-c", f"{begin}landscape.version()")
    _, after, _ = metered("shell", "--no-imports", "-c", begin + answer)
    return before, after


def metered(*arguments: str) -> tuple[float, float, str]:
    """Seconds, peak megabytes and output of a ``manage.py`` command on the bench database."""
    database = connection.settings_dict
    connection.close()
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database).replace(":@", "@")
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    run = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-S", "-c", METER, *command],
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        check=True,
    )
    status, seconds, peak, output = json.loads(run.stdout)
    if status:
        raise CommandError(f"{arguments[0]} failed:\n{output[-2000:]}")
    return seconds, megabytes(peak), output


def megabytes(peak: float) -> float:
    """What ``ru_maxrss`` says, which counts kilobytes on Linux and bytes on macOS."""
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def close_pool() -> None:
    """Let go of every pooled connection, so that the database can be dropped."""
    close = getattr(connection, "close_pool", None)
    if close is not None:
        close()


def use(name: str) -> None:
    """Point Django at the benchmark's database from now on."""
    connection.close()
    close_pool()
    connection.settings_dict["NAME"] = name


def recreate(maintenance: dict[str, Any], name: str, make: bool = True) -> None:
    """Drop the database ``name`` and, with ``make``, make it anew, from the server's ``postgres`` database."""
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    params = {key: maintenance[setting] for key, setting in known.items() if maintenance[setting]}
    with psycopg.connect(dbname="postgres", autocommit=True, **params) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if make:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def signed_in() -> Client:
    """A client signed in as a superuser, who sees everything."""
    user, _ = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(user)
    return client


def report(
    size: Size, results: list[measure.Result], impacts: list[str], imported: str, options: dict[str, Any]
) -> str:
    """The figures as Markdown, for ``docs/performance.md``."""

    def cell(value: float | None, form: str = "{:.0f}") -> str:
        return "–" if value is None else form.format(value)

    head = (
        f"{size.systems:,} systems, {size.components:,} components, {size.dependencies:,} dependencies, "
        f"{size.changes:,} rows of history; seed {options['seed']}, {options['rounds']} rounds; "
        f"Python {platform.python_version()}, PostgreSQL, {os.cpu_count()} cores.\n"
    )
    lines = [head]
    if results:
        lines += [
            "| page | queries at 100 rows | at full size | allowed | page, ms | of it SQL | raw, ms | × raw "
            "| bare admin, ms | × admin |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
    for result in results:
        if result.status != 200:
            lines.append(f"| {result.page.name} | answered {result.status} |")
            continue
        lines.append(
            f"| {result.page.name} "
            f"| {cell(result.queries_small)} | {cell(result.queries_full)} | {result.page.queries} "
            f"| {cell(result.page_ms, '{:.1f}')} | {cell(result.sql_ms)} "
            f"| {cell(result.raw_ms, '{:.1f}')} | {cell(result.beside_raw, '{:.1f}')} "
            f"| {cell(result.admin_ms, '{:.1f}')} | {cell(result.beside_admin, '{:.2f}')} |"
        )
    if impacts:
        lines += ["", *impacts]
    if imported:
        lines += ["", "| import | time | peak memory |", "|---|--:|--:|", imported]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )
    lines += ["", f"Peak memory of the benchmark's own process: {own:.0f} MB."]
    return "\n".join(lines)
