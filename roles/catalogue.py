"""The role catalogue's editions: prepare one, compare it with what is in force, take it into use in one act."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import Change, User
from registry.models import Asset, Kind
from roles.catalogue_changes import (
    FIELDS,
    Coming,
    Held,
    How,
    Need,
    Present,
    Required,
    RoleChange,
    Scope,
    changes,
)
from roles.models import (
    Assignment,
    EditionEntry,
    EditionState,
    Phase,
    RequirementOrigin,
    Role,
    RoleEdition,
    RoleRequirement,
    ScopeKind,
    Verified,
)

MOST_HOLDERS = 20


@dataclass(frozen=True)
class EntryValues:
    """One role of an edition. ``scope`` is asset codes, empty for every fagsystem."""

    code: str
    name: str
    level: str
    phase: str = Phase.OPERATIONS.value
    description: str = ""
    source: str = ""
    source_version: str = ""
    verified: str = Verified.UNVERIFIED.value
    scope: Sequence[str] = field(default_factory=tuple)
    holders: int = 1
    deputy_needed: bool = False


class CatalogueChangedError(Exception):
    """The edition, or what it changes, is not as it was shown; nothing is written. The text says so in Danish."""


@dataclass(frozen=True)
class Comparison:
    """What taking an edition into use on the day ``on`` would change. ``digest`` stands for all of it."""

    on: datetime.date
    roles: Sequence[RoleChange]

    def of(self, how: How) -> list[RoleChange]:
        return [role for role in self.roles if role.how is how]

    @cached_property
    def counts(self) -> Mapping[How, int]:
        return Counter(role.how for role in self.roles)

    @cached_property
    def ending(self) -> list[Held]:
        """The assignments of roles that go out."""
        return [held for role in self.of(How.GONE) for held in role.held]

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.roles).encode()).hexdigest()


def prepare(*, actor: User | None, name: str, entries: Sequence[EntryValues], note: str = "") -> RoleEdition:
    """Keep an edition beside the catalogue. It is never changed afterwards.

    Errors: ``ValidationError`` with everything that is wrong, in Danish; nothing is written then.
    """
    edition = RoleEdition(name=name.strip(), note=note)
    rows = [
        EditionEntry(
            code=entry.code.strip().upper(),
            scope=list(dict.fromkeys(code.strip().upper() for code in entry.scope)),
            holders=entry.holders,
            deputy_needed=entry.deputy_needed,
            **{name: getattr(entry, name) for name in FIELDS},
        )
        for entry in entries
    ]
    problems = [*_messages(edition), *_problems(rows)]
    if problems:
        raise ValidationError(problems)
    with history.recording(actor=actor, kind=Change.Kind.IMPORT, reason=note):
        edition.save()
        for row in rows:
            row.edition = edition
        EditionEntry.objects.bulk_create(rows)
    return edition


def _messages(row: RoleEdition | EditionEntry) -> list[str]:
    try:
        row.full_clean(exclude=["edition"])
    except ValidationError as error:
        return [
            f"{row._meta.get_field(name).verbose_name.capitalize()}: {text}"  # type: ignore[union-attr]
            for name, texts in error.message_dict.items()
            for text in texts
        ]
    return []


def _problems(rows: Sequence[EditionEntry]) -> list[str]:
    """What is wrong with the entries, each named by its code."""
    if not rows:
        return ["Udgaven har ingen roller."]
    problems = [f"{row.code or '?'}: {text}" for row in rows for text in _messages(row)]
    twice = [code for code, count in Counter(row.code for row in rows).items() if count > 1]
    problems += [f"{code}: Koden står flere gange." for code in twice]
    problems += [
        f"{row.code}: Der skal være mellem 1 og {MOST_HOLDERS} indehavere."
        for row in rows
        if not 1 <= row.holders <= MOST_HOLDERS
    ]
    assets = _assets({code for row in rows for code in row.scope})
    for row in rows:
        for code in row.scope:
            if code not in assets:
                problems.append(
                    f"{row.code}: «{code}» i omfanget er hverken en komponent eller et fagsystem."
                )
            elif assets[code][1]:
                problems.append(f"{row.code}: «{code}» i omfanget er arkiveret.")
    return problems


def _assets(codes: set[str]) -> dict[str, tuple[int, bool]]:
    """Key, and whether it is archived, of each asset with one of the codes."""
    found = Asset.objects.filter(code__in=codes).values_list("code", "pk", "archived_at")
    return {code: (key, archived is not None) for code, key, archived in found}


def compare(edition: RoleEdition, on: datetime.date) -> Comparison:
    """What the edition would change on the day ``on``. Six queries, whatever the size."""
    return Comparison(on, changes(_present(on), _coming(edition)))


def _present(on: datetime.date) -> list[Present]:
    """All roles, with their requirements and the assignments that are not over."""
    published = set(
        EditionEntry.objects.filter(edition__state=EditionState.IN_USE).values_list("code", flat=True)
    )
    required: dict[int, list[Required]] = {}
    for row in RoleRequirement.objects.order_by("pk"):
        required.setdefault(row.role_id, []).append(
            Required(
                row.pk,
                row.version,
                Scope(row.scope_kind, row.asset_id),
                Need(row.holders, row.deputy_needed),
                row.origin == RequirementOrigin.OWN,
                row.is_archived,
            )
        )
    held: dict[int, list[Held]] = {}
    rows = Assignment.objects.not_over(on).select_related("person", "asset", "organisation")
    for one in rows.order_by("person__name", "since", "pk"):
        is_system = one.asset is not None and one.asset.kind == Kind.SYSTEM
        held.setdefault(one.role_id, []).append(
            Held(
                one.pk,
                one.version,
                str(one.person),
                one.part,
                one.asset_id,
                is_system,
                one.scope_name,
                one.since,
                one.until,
            )
        )
    return [
        Present(
            role.pk,
            role.version,
            role.code,
            {name: getattr(role, name) for name in FIELDS},
            role.is_archived,
            role.code in published,
            tuple(required.get(role.pk, ())),
            tuple(held.get(role.pk, ())),
        )
        for role in Role.objects.all()
    ]


def _coming(edition: RoleEdition) -> list[Coming]:
    """The edition's roles with the codes of their scopes as the assets that have them now."""
    entries = list(edition.entries.all())
    assets = _assets({code for entry in entries for code in entry.scope})
    coming = []
    for entry in entries:
        need = Need(entry.holders, entry.deputy_needed)
        there = {code: assets[code] for code in entry.scope if code in assets}
        scopes = [Scope(ScopeKind.ASSET.value, key) for key, _ in there.values()]
        if not entry.scope:
            scopes = [Scope(ScopeKind.EVERY_SYSTEM.value)]
        coming.append(
            Coming(
                entry.code,
                {name: getattr(entry, name) for name in FIELDS},
                dict.fromkeys(scopes, need),
                tuple(code for code in entry.scope if code not in assets),
                {key: code for code, (key, archived) in there.items() if archived},
            )
        )
    return coming


def take_into_use(
    *,
    edition: RoleEdition,
    actor: User | None,
    on: datetime.date,
    version: int | None,
    end_assignments: bool,
    seen: str,
    reason: str,
) -> Comparison:
    """Make the edition the catalogue, all of it or nothing. Gives what it changed.

    ``version`` is the edition's and ``seen`` the digest of the comparison that was shown. With ``end_assignments``
    the assignments of roles that go out end on ``on``; those that begin then or later are archived.

    Errors: ``CatalogueChangedError`` when something is not as it was shown, or the edition is no longer to be used.
    """
    try:
        with (
            transaction.atomic(),
            history.recording(actor=actor, kind=Change.Kind.IMPORT, reason=reason),
        ):
            present = _locked(edition, version)
            comparison = compare(present, on)
            if comparison.digest != seen:
                raise CatalogueChangedError(
                    "Kataloget, kravene eller tildelingerne er ændret, siden du så forskellene. Se dem igen herunder."
                )
            _apply(comparison, present)
            if end_assignments:
                _end(comparison.ending, on, present)
            RoleEdition.objects.filter(state=EditionState.IN_USE).update(state=EditionState.REPLACED)
            RoleEdition.objects.filter(pk=present.pk).update(state=EditionState.IN_USE, in_use_from=on)
    except IntegrityError as error:  # a row that was not there to be locked
        raise CatalogueChangedError(
            "Nogen har lige oprettet noget, der ikke kan forenes med udgaven. Se forskellene igen herunder."
        ) from error
    return comparison


def _locked(edition: RoleEdition, version: int | None) -> RoleEdition:
    """The edition as it is now, with all that the comparison judges by held until the end of the transaction."""
    editions = {row.pk: row for row in RoleEdition.objects.select_for_update().order_by("pk")}
    present = editions[edition.pk]
    if present.is_archived:
        raise CatalogueChangedError("Udgaven er arkiveret. Gendan den først, hvis den skal tages i brug.")
    if present.state != EditionState.PREPARED:
        raise CatalogueChangedError(
            f"Udgaven er allerede taget i brug ({present.get_state_display().lower()})."
        )
    if present.version != version:
        raise CatalogueChangedError("Nogen har rettet udgaven imens. Se forskellene igen herunder.")
    for rows in (
        Role.objects.all(),
        RoleRequirement.objects.all(),
        Assignment.objects.filter(archived_at=None),
    ):
        list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True))
    return present


def _apply(comparison: Comparison, edition: RoleEdition) -> None:
    """Write roles and requirements."""
    facts = {entry.code: {name: getattr(entry, name) for name in FIELDS} for entry in edition.entries.all()}
    back = {"archived_at": None, "archive_reason": ""}
    over = {"archived_at": timezone.now(), "archive_reason": f"Ikke i kataloget fra «{edition}»."}
    Role.objects.bulk_create(Role(code=role.code, **facts[role.code]) for role in comparison.of(How.NEW))
    for role in comparison.of(How.RETURNED):
        Role.objects.filter(code=role.code).update(**facts[role.code], **back)
    for role in comparison.of(How.CHANGED):
        if role.fields:
            Role.objects.filter(code=role.code).update(**facts[role.code])
    gone = [role.key for role in comparison.of(How.GONE) if role.key is not None]
    Role.objects.filter(pk__in=among(gone)).update(**over)
    keys = dict(Role.objects.values_list("code", "pk"))
    made, removed = [], []
    for role in comparison.roles:
        for change in role.needs:
            if change.after is None:
                removed.append(change.row)
                continue
            need = {"holders": change.after.holders, "deputy_needed": change.after.deputy}
            if change.row is None:
                made.append(
                    RoleRequirement(
                        role_id=keys[role.code],
                        scope_kind=change.scope.kind,
                        asset_id=change.scope.asset,
                        since=comparison.on,
                        origin=RequirementOrigin.CATALOGUE,
                        **need,
                    )
                )
                continue
            more = change.before is None or change.after.holders > change.before.holders
            # One that asks for more does so from now on: nobody has been missing before.
            values = need | ({"since": comparison.on} if more else {}) | ({} if change.before else back)
            RoleRequirement.objects.filter(pk=change.row).update(**values)
    RoleRequirement.objects.filter(pk__in=among(key for key in removed if key is not None)).update(**over)
    RoleRequirement.objects.bulk_create(made)


def _end(held: Sequence[Held], on: datetime.date, edition: RoleEdition) -> None:
    begun = [one.key for one in held if one.since < on]
    ahead = [one.key for one in held if one.since >= on]  # a period needs a day
    Assignment.objects.filter(pk__in=among(begun)).update(until=on)
    Assignment.objects.filter(pk__in=among(ahead)).update(
        archived_at=timezone.now(), archive_reason=f"Rollen er ikke i kataloget fra «{edition}»."
    )


__all__ = [
    "CatalogueChangedError",
    "Comparison",
    "EntryValues",
    "compare",
    "prepare",
    "take_into_use",
]
