"""System checks: what a wrong setting means and what to do about it, in Danish and English.

foi.E001–E005 are found while ``settings.py`` is read and stop every process there and then; the
checks here need the finished settings and run with every management command.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Everything wrong or unwise in the finished settings; empty when all is well."""
    return [*_addresses(), *_services(), *_static_files()]


def _addresses() -> Iterator[CheckMessage]:
    site = urlsplit(settings.SITE_URL)
    if site.scheme not in ("http", "https") or not site.netloc or site.path:
        yield Error(
            f"SITE_URL={settings.SITE_URL} er ikke en adresse (SITE_URL is not an address)",
            hint="Skriv fx https://foi.example.dk uden sti. (Write scheme and host, no path.)",
            id="foi.E006",
        )
    elif site.scheme != "https" and not settings.DEBUG:
        yield Error(
            f"SITE_URL={settings.SITE_URL} er ikke https (SITE_URL is not https outside DEBUG)",
            hint="Sæt SITE_URL til portalens https-adresse. (Set SITE_URL to the portal's https address.)",
            id="foi.E006",
        )
    if not settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS er tom, så hver side svarer 400 (ALLOWED_HOSTS is empty: every page answers 400)",
            hint="Sæt ALLOWED_HOSTS til portalens værtsnavne, adskilt af komma. (Host names, by comma.)",
            id="foi.E007",
        )


def _services() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        return
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield Warning(
            "SQLite uden for DEBUG (SQLite outside DEBUG)",
            hint="Sæt DATABASE_URL til PostgreSQL, når flere arbejder i portalen. (Use PostgreSQL.)",
            id="foi.W001",
        )
    if not settings.REDIS_URL:
        yield Warning(
            "REDIS_URL er ikke sat: importer og mails klares, mens brugeren venter, og påmindelser kun af send_due"
            " (without Redis nothing runs in the background)",
            hint="Sæt REDIS_URL, og start worker og beat, eller kør manage.py send_due fra cron."
            " (Set REDIS_URL and run a worker and a beat, or run manage.py send_due from cron.)",
            id="foi.W002",
        )
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        yield Warning(
            "EMAIL_URL er ikke sat: post skrives kun i loggen (mail is only written to the log)",
            hint="Sæt EMAIL_URL, fx smtp://vært:25. (Set EMAIL_URL.)",
            id="foi.W003",
        )


def _static_files() -> Iterator[CheckMessage]:
    if settings.WHITENOISE_USE_FINDERS:
        if not (settings.NODE_MODULES / "dkfds/dist").is_dir():
            yield Warning(
                "node_modules mangler, så siderne er uden udseende (the front-end packages are missing)",
                hint="Kør `make setup`. (Run `make setup`, which runs `npm ci`.)",
                id="foi.W004",
            )
    elif not (settings.STATIC_ROOT / "staticfiles.json").is_file():
        yield Warning(
            f"Statiske filer er ikke samlet i {settings.STATIC_ROOT} (static files are not collected)",
            hint="Kør `manage.py collectstatic`; ellers svarer hver side 500. (Every page fails without.)",
            id="foi.W005",
        )
