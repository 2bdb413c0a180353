"""Typed reading of environment variables.

What cannot be read is collected, so that one start tells everything that is wrong, in plain
sentences and without a traceback. django-environ parses the URLs; the values themselves are read
here because its file reading keeps the file's last line break (a database called "foi\\n") and
takes a secret that begins with ``$`` for the name of another variable.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environ import Env

TRUE = ("1", "true", "yes", "on", "ja")
FALSE = ("0", "false", "no", "off", "nej")
DATABASE_SCHEMES = ("postgres", "postgresql", "sqlite")


# What gunicorn takes to mean "cannot boot": it then stops instead of starting new workers for ever.
EXIT_STATUS = 3


class Environment:
    """Reads variables by name; ``<NAME>_FILE`` (a path) wins over ``<NAME>``; empty means not set.

    Every reader takes the name and the value to use when it is not set. A value that cannot be
    read gives that same default and one entry in ``problems``; ``stop_if_wrong`` ends the process.
    """

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self.variables = variables
        self.problems: list[str] = []

    def problem(self, check_id: str, danish: str, english: str) -> None:
        """Note what is wrong. The id is the one ``docs/operations.md`` explains."""
        self.problems.append(f"{check_id}: {danish} ({english})")

    def stop_if_wrong(self) -> None:
        """End the process with ``EXIT_STATUS`` and every noted problem on its own line, if there is any."""
        if self.problems:
            print(*self.problems, sep="\n", file=sys.stderr)  # noqa: T201 - before there is any logging
            sys.exit(EXIT_STATUS)

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding blanks."""
        if path := self.variables.get(f"{name}_FILE"):
            try:
                value = Path(path).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8"
                self.problem(
                    "foi.E002",
                    f"{name}_FILE={path} kan ikke læses",
                    f"{name}_FILE points to a file that cannot be read: {reason}",
                )
                return default
        else:
            value = self.variables.get(name, "")
        return value.strip() or default

    def flag(self, name: str, default: bool) -> bool:
        """1/true/yes/on/ja or 0/false/no/off/nej, in any case."""
        value = self.text(name).lower()
        if value in TRUE:
            return True
        if value and value not in FALSE:
            self.problem("foi.E002", f"{name}={value} skal være 1 eller 0", f"{name} must be 1 or 0")
            return default
        return False if value else default

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        """A whole number of at least ``least``."""
        value = self.text(name)
        if not value:
            return default
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least:
            self.problem(
                "foi.E002",
                f"{name}={value} skal være et helt tal på mindst {least}",
                f"{name} must be a whole number of at least {least}",
            )
            return default
        return number

    def words(self, name: str, default: list[str]) -> list[str]:
        """Words separated by commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or default

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of the choices, in any case."""
        value = self.text(name, default).upper()
        if value not in choices:
            allowed = ", ".join(choices)
            self.problem("foi.E002", f"{name}={value} skal være en af {allowed}", f"{name}: one of {allowed}")
            return default
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Django's settings of one database, from ``postgres://user:password@host:port/name`` or ``sqlite:///path``."""
        url = self.text(name, default)
        try:
            known = urlsplit(url).scheme in DATABASE_SCHEMES
            database = Env.db_url_config(url) if known else {}
        except ValueError:
            database = {}
        if not database.get("NAME"):
            # The URL is not repeated: it may hold the password.
            self.problem(
                "foi.E003",
                f"{name} skal være postgres://bruger@vært:5432/database eller sqlite:////sti/portal.sqlite3",
                f"{name} must be a postgres:// or sqlite:/// address with the name of a database",
            )
            database = Env.db_url_config(default)
        return dict(database)

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Django's ``EMAIL_*`` settings, from ``smtp://user:password@host:port`` and the like."""
        url = self.text(name, default)
        try:
            config = Env.email_url_config(url)
            wrong = config["EMAIL_BACKEND"].endswith("smtp.EmailBackend") and not config["EMAIL_HOST"]
        except Exception:  # noqa: BLE001, RUF100 - django-environ raises its own and ValueError alike
            wrong = True
        if wrong:
            self.problem(
                "foi.E004",
                f"{name} skal være smtp://vært:25, smtp+tls://bruger:kode@vært:587 eller consolemail://",
                f"{name} must be an smtp://, smtp+tls://, smtp+ssl:// or consolemail:// address with a host",
            )
            config = Env.email_url_config(default)
        config["EMAIL_PORT"] = config["EMAIL_PORT"] or 25
        return dict(config)

    def redis(self, name: str) -> str:
        """A ``redis://`` or ``rediss://`` address with a host, or empty."""
        url = self.text(name)
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            wrong = parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.port == 0
        except ValueError:
            wrong = True
        if wrong:
            self.problem(
                "foi.E005",
                f"{name} skal være redis://vært:6379/0",
                f"{name} must be a redis:// or rediss:// address with a host",
            )
            return ""
        return url
