"""Handing mails to the mail server, within a time limit, and what its answers mean.

What the server says of one mail (5xx to its recipient, sender or content) is final, 4xx is not. Trouble with the server
itself (no connection, no answer in time, wrong password) is never the mail's fault: it is tried again.
"""

from __future__ import annotations

import functools
import logging
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from foi_portal.core.mail.composing import message
from foi_portal.core.models import OutboxMail

log = logging.getLogger(__name__)

SMTP = "django.core.mail.backends.smtp.EmailBackend"
PER_CONNECTION = 50  # mails; many servers close after a hundred or so
DETAIL_LENGTH = 2000
NOT_SIGNED_IN = (530, 534, 535, 538)  # the server wants another password, which no mail can help


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for one answer, for a whole mail, and for sending mails at all."""

    answer: int
    mail: int
    whole: int


# A mail's time is well under idle_in_transaction_session_timeout: PostgreSQL keeps the row locked meanwhile.
WORKER = Patience(answer=10, mail=30, whole=20)
INLINE = Patience(answer=2, mail=4, whole=4)  # somebody is waiting for a page


@dataclass(frozen=True)
class Verdict:
    """What came of an attempt. ``server`` tells that the trouble was the mail server's, not this mail's."""

    what: Literal["sent", "later", "never"]
    error: str = ""
    detail: str = ""
    server: bool = False


class _Timed:
    """Part of an SMTP connection: no answer is waited for beyond the time that is left, counted over all of them."""

    sock: Any
    close: Callable[[], None]

    def __init__(self, *args: Any, left: Callable[[], float], **kwargs: Any) -> None:
        self._left = left
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        left = self._left()
        if left <= 0:
            self.close()
            raise smtplib.SMTPServerDisconnected("the conversation timed out")
        if self.sock is not None:
            self.sock.settimeout(left)
        answer: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        return answer


class _TimedSMTP(_Timed, smtplib.SMTP):
    pass


class _TimedSMTPS(_Timed, smtplib.SMTP_SSL):
    pass


class TimedBackend(EmailBackend):
    """Django's SMTP with a limit on how long a whole mail may take, however slowly the server answers."""

    def __init__(self, *, patience: Patience, **kwargs: Any) -> None:
        super().__init__(timeout=patience.answer, **kwargs)
        self.patience = patience
        self.begin()

    def begin(self) -> None:
        """A new mail: its time runs from now."""
        self._ends = time.monotonic() + self.patience.mail

    def left(self) -> float:
        return min(self.patience.answer, self._ends - time.monotonic())

    @property
    def connection_class(self) -> Any:
        return functools.partial(_TimedSMTPS if self.use_ssl else _TimedSMTP, left=self.left)


class Carrier:
    """Sends mails over one connection, made when it is needed and again when it broke. Use as a context manager."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._backend: Any = None
        self._carried = 0

    def __enter__(self) -> Carrier:
        return self

    def __exit__(self, *exc: object) -> None:
        self._leave()

    def send(self, mail: OutboxMail) -> Verdict:
        """Try once. Never raises."""
        try:
            self._arrive()
            message(mail, self._backend).send()
        except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, it is told and the mail is kept
            self._leave(politely=False)
            return judge(error)
        self._carried += 1
        return Verdict("sent", detail=via())

    def _arrive(self) -> None:
        if self._carried >= PER_CONNECTION:
            self._leave()
        if self._backend is None:
            smtp = settings.EMAIL_BACKEND == SMTP
            self._backend = TimedBackend(patience=self._patience) if smtp else get_connection()
        elif isinstance(self._backend, TimedBackend):
            self._backend.begin()
        self._backend.open()

    def _leave(self, politely: bool = True) -> None:
        backend, self._backend, self._carried = self._backend, None, 0
        if backend is None:
            return
        try:
            if not politely and isinstance(backend, TimedBackend) and backend.connection is not None:
                backend.connection.close()
                backend.connection = None
            backend.close()
        except Exception as error:  # noqa: BLE001, RUF100 - the mails are sent; how the server says goodbye is its own
            log.info("The mail server did not say goodbye: %r", error)


def is_real() -> bool:
    """Whether mails go to a mail server; else they are only written to the log or the like."""
    return bool(settings.EMAIL_BACKEND == SMTP)


def via() -> str:
    """Where mails go, for people who look after the portal."""
    if is_real():
        return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return "kun skrevet i loggen"


def judge(error: Exception) -> Verdict:
    """What an error of an attempt means, in plain Danish, with what was really said beside it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _answered(
            code, said, "Mailserveren afviser modtagerens adresse. Ret den, og send mailen igen."
        )
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _answered(error.smtp_code, error.smtp_error, "Mailserveren afviser portalens afsenderadresse.")
    if isinstance(error, smtplib.SMTPDataError):
        return _answered(error.smtp_code, error.smtp_error, "Mailserveren afviser mailens indhold.")
    detail = _cut(f"{type(error).__name__}: {error}")
    if isinstance(error, OSError):  # smtplib's own errors are that too
        return Verdict("later", _trouble_with_server(error), detail, server=True)
    if isinstance(error, ValueError):  # headers, addresses and text that no message can be made of
        return Verdict("never", "Mailen kan ikke skrives som en gyldig besked.", detail)
    log.error("A mail could not be sent.", exc_info=error)
    return Verdict("later", "Mailen kunne ikke sendes på grund af en fejl i portalen.", detail)


def _answered(code: int, said: bytes | str, refused: str) -> Verdict:
    """The server answered a command of this mail: 5xx is final, anything else is tried again."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    detail = _cut(f"{code} {text}")
    if code in NOT_SIGNED_IN:
        return Verdict("later", NO_PASSWORD, detail, server=True)
    if 500 <= code < 600:
        return Verdict("never", refused, detail)
    later = "Mailserveren kan ikke tage imod mailen lige nu."
    return Verdict("later", later, detail, server=code == 421)  # 421: the server is closing


NO_PASSWORD = "Mailserveren afviser portalens brugernavn eller adgangskode."  # noqa: S105


def _trouble_with_server(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NO_PASSWORD
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return "Portalen og mailserveren kan ikke blive enige om en sikker forbindelse."
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "Mailserveren svarede ikke i tide."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "Mailserveren afbrød forbindelsen."
    if isinstance(error, smtplib.SMTPException):
        return "Mailserveren vil ikke tage imod mails lige nu."
    return "Mailserveren kan ikke nås."


def _cut(text: str) -> str:
    return text.replace("\x00", "")[:DETAIL_LENGTH]


__all__ = ["INLINE", "WORKER", "Carrier", "Patience", "Verdict", "is_real", "judge", "via"]
