"""Form fields of people's pages: a person picked, or made, by what somebody types."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.db.models.functions import Lower

from foi_portal.ui import formats
from foi_portal.ui.forms import SEPARATOR, RowChoiceField, shorten
from roles.models import Person

NUMBER = "nr. "  # how a person without e-mail is told from another of that name
HOW = "Skriv navn, e-mail eller begge."


def as_person(person: Person) -> str:
    """How a person stands in a ``PersonField``: "Navn · e-mail", or with a number where there is no e-mail."""
    return f"{person.name}{SEPARATOR}{person.email or f'{NUMBER}{person.pk}'}"


@dataclass(frozen=True)
class Typed:
    """What a text says of a person; e-mail or number decide, where they are given."""

    name: str = ""
    email: str = ""
    key: int | None = None

    @classmethod
    def read(cls, text: str) -> Typed:
        """ "Navn", "a@b.dk", "Navn · a@b.dk", "Navn <a@b.dk>", "Navn, a@b.dk", "Navn · nr. 7" or "7"."""
        text = " ".join(text.split())
        if match := re.fullmatch(rf"(?:(.*){SEPARATOR})?(?:{re.escape(NUMBER)})?(\d{{1,18}})", text):
            return cls(match[1] or "", key=int(match[2]))
        if match := re.fullmatch(r"(.*?)[\s<·,;]*([^\s<>·,;]+@[^\s<>·,;]+)>?", text):
            return cls(match[1].strip(' "'), match[2].lower())
        return cls(text)

    def person(self) -> Person | None:
        """A new person of that name and address, not saved; None when one of them is missing or is none."""
        try:
            validate_email(self.email)
        except ValidationError:
            return None
        person = Person(name=self.name, email=self.email)
        return person if 0 < len(self.name) <= 200 and len(self.email) <= 254 else None


class PersonField(RowChoiceField):
    """Picks a person by name, e-mail or both; one who was merged, or has left by ``on``, is refused.

    ``on`` is set by the form (``self.fields["person"].on = today``); None: whether somebody has left is not judged.
    With ``make`` somebody unknown may be written as "Navn <a@b.dk>" or "Navn, a@b.dk": what goes out is then a
    ``Person`` without key, which the caller saves in the transaction that uses it (``person._state.adding``).
    Only set ``make`` for who may add people. A model form cannot validate a row of such a person: use a plain form.
    """

    def __init__(self, *, make: bool = False, lookup: str = "person-lookup", **kwargs: Any) -> None:
        self.make = make
        self.on: datetime.date | None = None
        kwargs.setdefault("help_text", HOW)
        super().__init__(Person.objects.select_related("merged_into"), lookup, **kwargs)

    def written(self, row: Person) -> str:
        return as_person(row)

    def prepare_value(self, value: Any) -> Any:
        """A key in an address (``?person=7``) is shown as the person too."""
        is_key = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18
        return super().prepare_value(int(value) if is_key else value)

    def refusal(self, row: Person) -> str:
        if row.merged_into:
            return f"{row} er lagt sammen med en anden. Vælg {as_person(row.merged_into)} i stedet."
        if row.is_archived:
            return f"{row} er arkiveret. Vælg en anden."
        if self.on and row.active_to and row.active_to <= self.on:
            return f"{row} er fratrådt {formats.date(row.active_to)}. Vælg en anden."
        return ""

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        """What each text means: a person, or the ValidationError to raise. One query."""
        typed = {text: Typed.read(text) for text in texts}
        names = {one.name.lower() for one in typed.values() if not one.email and one.key is None}
        wanted = Q(email__in={one.email for one in typed.values() if one.email})
        wanted |= Q(pk__in={one.key for one in typed.values() if one.key is not None})
        wanted |= Q(lower_name__in=names)
        rows = list(self.queryset.annotate(lower_name=Lower("name")).filter(wanted).order_by("id"))
        return {text: self._choose(text, one, rows) for text, one in typed.items()}

    def _choose(self, text: str, typed: Typed, rows: list[Person]) -> Person | ValidationError:
        if typed.key is not None:
            fitting = [row for row in rows if row.pk == typed.key]
        elif typed.email:
            fitting = [row for row in rows if row.email == typed.email]
        else:
            fitting = [row for row in rows if row.name.lower() == typed.name.lower()]
        fitting = [row for row in fitting if not self.refusal(row)] or fitting
        if len(fitting) == 1 or (fitting and typed.email):
            return fitting[0]
        if fitting:
            which = " eller ".join(as_person(row) for row in fitting[:3])
            return ValidationError(f"Flere hedder «{shorten(text)}». Skriv {which}.")
        if self.make and (new := typed.person()):
            return new
        return ValidationError(f"«{shorten(text)}» findes ikke.{self._way_out(typed)}")

    def _way_out(self, typed: Typed) -> str:
        if not self.make:
            return " Opret personen først, eller ret stavningen."
        name = typed.name if typed.name and typed.key is None else "Navn Navnesen"
        return f" Ret stavningen, eller opret personen her ved at skrive «{shorten(name)} <e-mail>»."


__all__ = ["PersonField", "as_person"]
