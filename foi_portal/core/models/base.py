"""The bottom floor's models: the user, what every editable row has, and the history of all of them.

Database triggers (``history/triggers.py``) keep ``version``, ``updated_at`` and the history true for
every way of writing: ``save()``, ``update()``, ``bulk_create()``, raw SQL. Python never writes them.
"""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class User(AbstractUser):
    """Somebody who can sign in. Users are never deleted, only made inactive: the history names them."""

    class Meta(AbstractUser.Meta):
        verbose_name = "bruger"
        verbose_name_plural = "brugere"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Record(models.Model):
    """Base of every row that people edit: a version to notice other editors by, and when it was written.

    ``version`` is 1 on insert and one more at each real change; the database's triggers set it. ``unrecorded`` names
    columns that never change and are too large for a history. ``named_by`` are the paths to the rows that its name is
    made of, when they are not its own references. ``history_permission`` is what one needs to read the history where
    the right to view the model is not to all of its rows; empty: that right.
    """

    unrecorded: ClassVar[tuple[str, ...]] = ()
    named_by: ClassVar[tuple[str, ...]] = ()
    history_permission: ClassVar[str] = ""

    version = models.PositiveIntegerField("version", default=1, db_default=1, editable=False)
    created_at = models.DateTimeField("oprettet", db_default=Now(), editable=False)
    updated_at = models.DateTimeField("sidst ændret", db_default=Now(), editable=False)

    class Meta:
        abstract = True


_Row = TypeVar("_Row", bound=models.Model)


class ArchivableQuerySet(models.QuerySet[_Row]):
    """Rows that can be archived."""

    def current(self) -> Self:
        """Rows that are not archived."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        """Rows that are archived."""
        return self.exclude(archived_at=None)


class Archivable(Record):
    """A row that users archive with a reason instead of deleting it. Restoring clears both fields."""

    archived_at = models.DateTimeField("arkiveret", null=True, blank=True, editable=False)
    archive_reason = models.CharField(
        "begrundelse for arkivering", max_length=500, blank=True, editable=False
    )

    class Meta:
        abstract = True

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class Change(models.Model):
    """One change of one row, written by a trigger in the same transaction, never changed or deleted.

    ``before`` and ``after`` are the row's columns as JSON (``None`` when inserted or deleted); ``row_version``
    is the row's version after the change. Changes made in one act share ``change_set``.
    """

    class Operation(models.TextChoices):
        INSERT = "insert", "oprettet"
        UPDATE = "update", "ændret"
        DELETE = "delete", "slettet"

    class Kind(models.TextChoices):
        EDIT = "edit", "Rettelse"
        BULK = "bulk", "Masserettelse"
        IMPORT = "import", "Import"
        UNDO = "undo", "Fortrudt"
        ADMIN = "admin", "Administration"
        SYSTEM = "system", "Systemet"

    table = models.CharField("tabel", max_length=63)
    row_id = models.BigIntegerField("række")
    row_version = models.PositiveIntegerField("version", null=True)
    operation = models.CharField("handling", max_length=6, choices=Operation.choices)
    before = models.JSONField("før", null=True)
    after = models.JSONField("efter", null=True)
    # No database constraint: the row must be written whatever the writer's connection claims to be.
    actor = models.ForeignKey(
        User, models.DO_NOTHING, verbose_name="hvem", null=True, db_constraint=False, related_name="+"
    )
    change_set = models.UUIDField("ændringssæt")
    kind = models.CharField("slags", max_length=10, choices=Kind.choices, default=Kind.SYSTEM)
    reason = models.CharField("begrundelse", max_length=500, blank=True)
    at = models.DateTimeField("hvornår")

    class Meta:
        verbose_name = "ændring"
        verbose_name_plural = "ændringer"
        ordering: ClassVar = ["-id"]
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["table", "row_id", "-id"], name="change_of_row"),
            models.Index(fields=["table", "-id"], name="change_in_table"),
            models.Index(fields=["change_set", "id"], name="change_in_set"),
            models.Index(fields=["actor", "-id"], name="change_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} {self.operation}"


class SignInFailure(models.Model):
    """One guess at a password within the last quarter of an hour (``signin.py``). Older ones are deleted.

    ``name`` is a keyed digest of the user name that was written.
    """

    name = models.CharField("brugernavn", max_length=64)
    address = models.CharField("adresse", max_length=45, blank=True)
    at = models.DateTimeField("hvornår", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "forgæves log på"
        verbose_name_plural = "forgæves log på"
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["address", "-at"], name="signin_from_address")]

    def __str__(self) -> str:
        return f"{self.address} {self.at}"


__all__ = ["Archivable", "ArchivableQuerySet", "Change", "Record", "SignInFailure", "User"]
