"""Model fields of money and of account strings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import RegexValidator
from django.db import models

from foi_portal.core.money import to_cents

# Finance systems differ: groups of digits and letters with points, hyphens, slashes or blanks between them.
ACCOUNT_PATTERN = r"^[0-9A-ZÆØÅa-zæøå]+(?:[ ./-][0-9A-ZÆØÅa-zæøå]+)*$"


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """DKK with two places, up to 999.999.999.999,99. Nothing written is «ikke kendt», never 0."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 14, 2
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        """Two places also for what the database has computed: SQLite says 1000 where PostgreSQL says 1000.00."""
        return None if value is None else to_cents(Decimal(value))

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class AccountField(models.CharField):  # type: ignore[type-arg]
    """An account string of the finance system (kontostreng), such as ``6.45.51.3-410-7``. May be empty."""

    default_validators = [
        RegexValidator(
            ACCOUNT_PATTERN,
            "Kontostrengen må kun bestå af bogstaver og tal i grupper med punktum, bindestreg, skråstreg eller "
            "mellemrum imellem, fx 6.45.51.3-410-7.",
        )
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)


__all__ = ["ACCOUNT_PATTERN", "AccountField", "MoneyField"]
