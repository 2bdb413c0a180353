"""What a mail is made of: recipients, clean subjects, text and HTML from templates, and the message itself."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.template.loader import render_to_string

from foi_portal.core.models import OutboxMail

NO_ADDRESS = "Modtageren har ingen e-mailadresse. Skriv den på personen, og send mailen igen."
BAD_ADDRESS = "Modtagerens e-mailadresse kan ikke bruges. Ret den på personen, og send mailen igen."
SUBJECT_LENGTH = 200
NAME_LENGTH = 200
ADDRESS_LENGTH = 254


@dataclass(frozen=True)
class Recipient:
    """Whom a mail is for. ``key`` tells recipients apart when an address changes or is missing (``person/7``)."""

    address: str
    name: str = ""
    key: str = ""

    def tidy(self) -> Recipient:
        """The same without what no header may hold, with a key (without one: the address, else the name).

        Raises ``ValueError`` when there is nothing to tell the recipient by.
        """
        address, name = one_line(self.address), one_line(self.name)[:NAME_LENGTH]
        key = (one_line(self.key) or address.casefold() or name.casefold())[:ADDRESS_LENGTH]
        if not key:
            raise ValueError("a recipient needs a key, an address or a name")
        return Recipient(address, name, key)

    @property
    def trouble(self) -> str:
        """Why nothing can be sent to a tidy recipient, in Danish; empty when it can."""
        if not self.address:
            return NO_ADDRESS
        try:
            validate_email(self.address)
        except ValidationError:
            return BAD_ADDRESS
        return "" if len(self.address) <= ADDRESS_LENGTH else BAD_ADDRESS


def sound(text: str) -> str:
    """Text that can be kept and sent: no control signs but line breaks and tabs, no halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) != "Cc")


def one_line(text: str) -> str:
    """The text on one line: line breaks of every kind and other control signs are blanks, runs of them one."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text.encode("utf-8", "replace").decode()).strip()


def subject_line(subject: str) -> str:
    """A subject that fits: one line, at most 200 characters."""
    line = one_line(subject)
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1]}…"


def new_message_id() -> str:
    """An identity that the mail keeps however often it is tried."""
    return f"<{uuid.uuid4()}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def absolute(path: str) -> str:
    """The whole address of a page of the portal, for links in mails."""
    return f"{settings.SITE_URL}{path}"


def render(template: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """A mail's text and HTML, from ``<template>.txt`` and ``<template>.html``.

    Both also know ``site_url`` and ``foi_email``. The HTML is escaped as always, the text is not: it holds no markup.
    """
    shared = {"site_url": settings.SITE_URL, "foi_email": settings.FOI_EMAIL, **context}
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)  # noqa: S101 - the only one there is
    text = engine.engine.get_template(f"{template}.txt").render(Context(shared, autoescape=False))
    lines = (line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n", render_to_string(f"{template}.html", shared)


def message(mail: OutboxMail, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """The mail as it is handed to the mail server. Answers go to the FOI unit, and no robot answers it."""
    built = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[_mailbox(mail.recipient_name, mail.address)],
        reply_to=[settings.FOI_EMAIL] if settings.FOI_EMAIL else None,
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    if mail.html:
        built.attach_alternative(mail.html, "text/html")
    return built


def _mailbox(name: str, address: str) -> str:
    """``"Bo Ø" <bo@example.dk>``; Django encodes what is not ASCII, in the name and in the domain."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if name else address


__all__ = [
    "BAD_ADDRESS",
    "NO_ADDRESS",
    "Recipient",
    "absolute",
    "message",
    "new_message_id",
    "one_line",
    "render",
    "sound",
    "subject_line",
]
