"""A new agreement that begins with what somebody came from: a dependency, a system or a component."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from registry.models import AgreementKind, Asset, Dependency, Environment, Kind

SAID = ("name", "kind", "number", "system", "counterpart", "unit", "environment", "status")
LONGEST = 200  # signs in a name


def started(params: Mapping[str, Any], on: datetime.date) -> dict[str, Any]:
    """What stands in the empty form: from the address' ``covers``, ``system`` and ``about``, and what else it says.

    What is not there is left out; the form says nothing of it. At most four queries.
    """
    first: dict[str, Any] = {name: params[name] for name in SAID if params.get(name)}
    row = _dependency(str(params.get("covers", "")))
    about = _asset(params.get("about", ""))
    if row is not None:
        first |= _from_dependency(row)
    elif about is not None:
        first |= {
            "about": about,
            "name": _cut(f"Tilslutningsaftale: {about.name}"),
            "counterpart": about.provider,
        }
        first.setdefault("kind", AgreementKind.CONNECTION)
    if (row is not None or about is not None) and "requested_on" not in first:
        first["requested_on"] = on
    return first


def _from_dependency(row: Dependency) -> dict[str, Any]:
    other = row.target.provider or (row.target.parent.provider if row.target.parent else None)
    found: dict[str, Any] = {
        "covers": row,
        "kind": AgreementKind.SERVICE,
        "environment": Environment.PRODUCTION,
        "name": _cut(f"Serviceaftale: {row.source.name} og {row.target.name}"),
        "counterpart": other,
        "purpose": row.purpose,
    }
    if row.source.kind == Kind.SYSTEM:
        found |= {"system": row.source, "unit": row.source.department}
    return found


def _dependency(key: str) -> Dependency | None:
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    parties = ("source__department", "target__provider", "target__parent__provider")
    return Dependency.objects.current().select_related(*parties).filter(pk=int(key)).first()


def _asset(code: Any) -> Asset | None:
    text = str(code).strip().replace("\x00", "")[:100]
    return Asset.objects.current().select_related("provider").filter(code=text).first() if text else None


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


__all__ = ["started"]
