"""A mail server for tests: real SMTP over a real socket, which can also refuse, hang and hang up."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

# What a server may do instead of taking a mail, by what the recipient's address begins with.
GREY = "451"  # not now
UNKNOWN = "550"  # no such mailbox
SPAM = "554"  # refused after the content
HANGS = "hang"  # no answer to RCPT
DROPS = "drop"  # the connection is closed in the middle of DATA
DROPS_LATE = "late"  # the mail is taken, and the connection closed before that is said


@dataclass(frozen=True)
class Taken:
    """A mail that the server took."""

    sender: str
    recipient: str
    message: EmailMessage

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on ``port``. ``pause`` is how long it takes over each mail, in seconds."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64  # eight senders connect in the same instant

    def __init__(self, port: int = 0, pause: float = 0) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.port: int = self.server_address[1]
        self.pause = pause
        self.greeting = "220 tests"
        self.signed_in_only = False
        self.taken: list[Taken] = []
        self.tried: Counter[str] = Counter()  # RCPT by recipient
        self.connections = 0
        self.kind = ""  # overrides what the address says: the whole server is so
        # Told of each RCPT, DATA and TAKEN, and the how manieth that is: each number comes once.
        self.at: Callable[[str, int], None] = lambda moment, number: None
        self._moments: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reached(self, moment: str) -> None:
        with self._lock:
            self._moments[moment] += 1
            number = self._moments[moment]
        self.at(moment, number)

    def ask(self, recipient: str) -> None:
        with self._lock:
            self.tried[recipient] += 1
        self.reached("RCPT")

    def take(self, mail: Taken) -> None:
        with self._lock:
            self.taken.append(mail)
        self.reached("TAKEN")

    @property
    def recipients(self) -> list[str]:
        with self._lock:
            return [mail.recipient for mail in self.taken]


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        with suppress(OSError):
            self.converse()

    def converse(self) -> None:
        self.server.connections += 1
        self.say(self.server.greeting)
        sender = recipient = ""
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.say("250 tests")
            elif verb == "MAIL":
                sender = command.partition("<")[2].partition(">")[0]
                self.say("530 5.7.0 Sign in first" if self.server.signed_in_only else "250 ok")
            elif verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                self.server.ask(recipient)
                kind = self.server.kind or recipient
                if kind.startswith(HANGS):
                    time.sleep(30)
                if kind.startswith((GREY, UNKNOWN)):
                    self.say(f"{kind[:3]} 5.1.1 <{recipient}> says no")
                else:
                    self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                if not self.data(sender, recipient):
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def data(self, sender: str, recipient: str) -> bool:
        """Take the content. Out: whether the conversation goes on."""
        kind = self.server.kind or recipient
        lines: list[bytes] = []
        for line in iter(self.rfile.readline, b".\r\n"):
            if not line:
                return False  # the sender died
            if not lines:
                self.server.reached("DATA")
            lines.append(line.removeprefix(b"."))
            if kind.startswith(DROPS):
                return False
        if kind.startswith(SPAM):
            self.say("554 5.7.1 Looks like spam")
            return True
        time.sleep(self.server.pause)
        message: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.take(Taken(sender, recipient, message))
        if kind.startswith(DROPS_LATE):
            return False
        self.say("250 taken")
        return True


@contextmanager
def mail_server(port: int = 0, pause: float = 0) -> Iterator[MailServer]:
    """A mail server that runs in a thread of its own."""
    with MailServer(port, pause) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.05), daemon=True)
        thread.start()
        yield server
        server.shutdown()


def use(settings: Any, server: MailServer) -> None:
    """Have this process send its mails to the server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


__all__ = ["MailServer", "Taken", "mail_server", "use"]
