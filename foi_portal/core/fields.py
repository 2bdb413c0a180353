"""Model fields with one meaning each, shared by every app."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models

CODE_PATTERN = r"^[A-Z0-9ÆØÅ][A-Z0-9ÆØÅ._-]*$"
DANISH = "danish"


class CodeField(models.CharField):  # type: ignore[type-arg]
    """A short code that people know by heart (STS, SF1520): kept in upper case without blanks around it.

    Because every value is normalised on its way to the database, lookups ignore case too and a plain
    unique constraint is case-insensitive. A check constraint with ``CODE_PATTERN`` belongs beside it.
    """

    default_validators = [
        RegexValidator(
            CODE_PATTERN,
            "Koden må kun indeholde bogstaver, tal, punktum, bindestreg og understreg, "
            "og den skal begynde med et bogstav eller et tal.",
        )
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return value.strip().upper() if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.strip().upper() if isinstance(value, str) else value


class LinkField(models.CharField):  # type: ignore[type-arg]
    """An address that is safe to put in ``href``: http, https or mailto, nothing else.

    ``URLField`` validates only in forms; the check constraint ``safe_link`` builds makes sure that a
    ``javascript:`` address cannot come in by import or the ORM either.
    """

    default_validators = [
        RegexValidator(
            r"^(https?://|mailto:)\S+$", "Adressen skal begynde med https://, http:// eller mailto:"
        ),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(*args, **kwargs)


def safe_link(field: str, name: str) -> models.CheckConstraint:
    """Check constraint: ``field`` is empty or begins with http://, https:// or mailto:."""
    return models.CheckConstraint(
        name=name,
        condition=models.Q(**{field: ""}) | models.Q(**{f"{field}__regex": r"^(https?://|mailto:)"}),
        violation_error_message="Adressen skal begynde med https://, http:// eller mailto:",
    )


def code_pattern(name: str) -> models.CheckConstraint:
    """Check constraint: the model's ``code`` follows ``CODE_PATTERN``."""
    return models.CheckConstraint(
        name=name,
        condition=models.Q(code__regex=CODE_PATTERN),
        violation_error_message="Koden må kun indeholde bogstaver, tal, punktum, bindestreg og understreg.",
    )


__all__ = ["CODE_PATTERN", "DANISH", "CodeField", "LinkField", "code_pattern", "safe_link"]
