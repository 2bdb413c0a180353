"""The columns of the list of certificates. The first ten are those of its export, whose names are kept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

from django.urls import reverse
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import mark_safe

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, link
from registry.certificates import words
from registry.models import CertificateKind, Environment

EXPORTED = (
    "name",
    "kind",
    "environment",
    "subject",
    "issuer",
    "serial",
    "sha256",
    "valid_from",
    "valid_to",
    "assets",
)
SHOWN_ASSETS = 6
ENDS_NEEDS = ("revoked_on", "archived_at", "is_renewed")


def columns(on: datetime.date) -> tuple[Column, ...]:
    """The columns as they read on the day ``on``."""

    def ends(row: Row) -> str:
        matters = not row["is_renewed"] and row["revoked_on"] is None and row["archived_at"] is None
        return words.ends(row["valid_to"], on, matters=matters)

    return (
        Column("name", "Certifikat", "name", cell=_name, needs=("archived_at",)),
        Column("kind", "Type", "kind", choices=CertificateKind),
        Column("environment", "Miljø", "environment", choices=Environment),
        Column("subject", "Udstedt til", "subject", cell=_long("subject"), shown=False, minor=True),
        Column("issuer", "Udsteder", "issuer", cell=_long("issuer"), shown=False, minor=True),
        Column("serial", "Serienummer", "serial", cell=_hex("serial"), shown=False, minor=True),
        Column("sha256", "Fingeraftryk (SHA-256)", "sha256", cell=_hex("sha256"), shown=False, minor=True),
        Column("valid_from", "Gælder fra", "valid_from", shown=False),
        Column("valid_to", "Udløber", "valid_to", cell=ends, needs=ENDS_NEEDS, sort="matters_until"),
        Column("assets", "Bruges af", "asset_codes", cell=_assets, needs=("asset_kinds",), sort=""),
        Column("standing", "Tilstand", "state", cell=_standing, needs=("is_renewed",)),
        Column("location", "Hvor det ligger", "location", shown=False),
        Column("key_usage", "Nøglens brug", "key_usage", shown=False, minor=True),
        Column("oces_id", "OCES-id", "oces_id", cell=_long("oces_id"), shown=False, minor=True),
        Column("revoked_on", "Spærret", "revoked_on", shown=False),
        Column("for_one_system", "Kun til ét fagsystem", "for_one_system", shown=False),
        Column("updated_at", "Sidst ændret", "updated_at", cell=_moment, shown=False),
    )


def exported(on: datetime.date) -> tuple[Column, ...]:
    """The columns of the export when nobody has chosen any."""
    return tuple(replace(column, shown=True) for column in columns(on) if column.name in EXPORTED)


def _standing(row: Row) -> str:
    renewed = ' <span class="badge badge-info">Fornyet</span>' if row["is_renewed"] else ""
    return f"{words.badge(row['state'])}{renewed}"


def _name(row: Row) -> str:
    extra = ' <span class="badge badge-warning">Arkiveret</span>' if row["archived_at"] is not None else ""
    return link(reverse("certificate-detail", args=[row["pk"]]), row["name"], mark_safe(extra))  # noqa: S308 - no value in it


def _long(path: str) -> Callable[[Row], str]:
    """Text that may break anywhere."""
    return lambda row: f'<span class="breaks">{conditional_escape(row[path])}</span>' if row[path] else ""


def _hex(path: str) -> Callable[[Row], str]:
    return lambda row: (
        f'<span class="breaks code">{conditional_escape(row[path])}</span>' if row[path] else ""
    )


def _moment(row: Row) -> str:
    return formats.date(row["updated_at"])


def _assets(row: Row) -> str:
    """Links to those that use it, the first few."""
    if not row["asset_codes"]:
        return ""
    codes, kinds = row["asset_codes"].split(";"), row["asset_kinds"].split(";")
    links = format_html_join(
        ", ",
        "{}",
        (
            (link(reverse(f"{kind}-detail", args=[code]), code),)
            for code, kind in list(zip(codes, kinds, strict=True))[:SHOWN_ASSETS]
        ),
    )
    more = len(codes) - SHOWN_ASSETS
    return f"{links} og {more} til" if more > 0 else links


__all__ = ["EXPORTED", "columns", "exported"]
