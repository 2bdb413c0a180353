"""The portal's processes and a Redis of the test's own, started for real."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection
from django.test import Client

from foi_portal.core.models import User
from tests.house import processes

FOI_HOST = processes.PRODUCTION["ALLOWED_HOSTS"]


def wait_for(what: Callable[[], object], seconds: float = 60, why: str = "it did not happen in time") -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, why
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class RedisServer:
    """A Redis that the test may stop, freeze and start again, always on the same port."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("needs redis-server on the path")
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=1)
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = processes.start(
            [*command, "--appendonly", "no", "--dir", str(self.folder)], {}, self.folder / "redis.log"
        )
        wait_for(self._answers, 10)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def tell(self, task: str) -> None:
        """Send a task's message, as the portal does after a commit."""
        with Celery(broker=self.url) as app:
            app.send_task(task)


class PostgresServer:
    """A PostgreSQL of the test's own, with a copy of the test's database, which it may stop and start again.

    PostgreSQL does not run as root, so then it runs as the system's postgres user.
    """

    def __init__(self) -> None:
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        found = shutil.which("pg_ctl", path=str(folders[-1]) if folders else None)
        if not found:
            pytest.skip("needs PostgreSQL's own programs (pg_ctl)")
        self.bin, self.port = Path(found).parent, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="foi-postgresql-"))
        self.as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_owner:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self.as_owner, str(self.bin / program), *arguments]
        with (self.folder / "output").open("ab") as output:  # a pipe would be kept open by the server
            subprocess.run(command, check=True, stdout=output, stderr=output, timeout=60, cwd=self.folder)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", self.data, "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def crash(self) -> None:
        """Stop at once, without finishing anything."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def copy(self) -> None:
        """Have all that is in the test's database now."""
        dump = [str(self.bin / "pg_dump"), "--no-owner", "--no-privileges", Portal.database()]
        load = [str(self.bin / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", self.url]
        text = subprocess.run(dump, check=True, capture_output=True, timeout=60).stdout
        subprocess.run(load, input=text, check=True, capture_output=True, timeout=60)

    def end(self) -> None:
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


class Browser:
    """Somebody signed in, who looks at pages and presses buttons."""

    def __init__(self, port: int, user: User) -> None:
        self.port = port
        client = Client()
        client.force_login(user)
        self.cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        asked = HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {
            "Host": FOI_HOST,
            "Cookie": cookies,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        asked.request(method, path, body, headers)
        answer = asked.getresponse()
        for name, morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).items():
            self.cookies[name] = morsel.value
        text = answer.read().decode()
        asked.close()
        return answer.status, text

    def look(self, path: str) -> str:
        """The page, with the token that its forms carry kept for ``press``."""
        status, html = self._ask("GET", path)
        assert status == 200, html
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
        assert found is not None
        self.token = found[1]
        return html

    def send(self, path: str, **fields: str) -> int:
        """Post the form with these fields. Out: the answer's status."""
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": self.token, **fields}))[0]

    def press(self, path: str) -> float:
        """Post the form; it is answered by going on to another page. Out: how many seconds that took."""
        began = time.monotonic()
        status, html = self._ask("POST", path, f"csrfmiddlewaretoken={self.token}")
        assert status == 302, html
        return time.monotonic() - began


class Portal:
    """Processes of the portal on the test's database. ``end`` kills those that are left."""

    def __init__(self, redis_url: str, email_url: str, folder: Path) -> None:
        self.folder = folder
        self.variables = {
            **processes.PRODUCTION,
            "SECRET_KEY": settings.SECRET_KEY,
            "REDIS_URL": redis_url,
            "EMAIL_URL": email_url,
            "DEFAULT_FROM_EMAIL": "foi@example.dk",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def _start(self, command: list[str], name: str, **variables: str) -> subprocess.Popen[bytes]:
        run_dir = self.folder / f"{name}-{len(self.running)}"
        run_dir.mkdir()
        process = processes.start(
            command, {**self.variables, "RUN_DIR": str(run_dir), **variables}, run_dir / "log"
        )
        self.running.append(process)
        return process

    @staticmethod
    def database() -> str:
        found = connection.settings_dict
        address = f"{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT'] or 5432}"
        return f"postgres://{address}/{found['NAME']}"

    def worker(self) -> subprocess.Popen[bytes]:
        """A worker that does one thing at a time, in one process, so that a kill is a kill."""
        quiet = ["--without-mingle", "--without-gossip"]
        command = ["celery", "-A", "foi_portal", "worker", "--pool", "solo", "--loglevel", "INFO", *quiet]
        name = f"w{len(self.running)}"
        return self._start([*command, "-n", f"{name}@test"], "worker", DATABASE_URL=self.database())

    def beat(self) -> subprocess.Popen[bytes]:
        """Needs no database."""
        return self._start(["celery", "-A", "foi_portal", "beat", "--loglevel", "INFO", "--pidfile="], "beat")

    def web(self, port: int, database: str = "") -> subprocess.Popen[bytes]:
        """In DEBUG, for the static files have not been collected."""
        return self._start(
            ["gunicorn", "-c", "python:foi_portal.gunicorn", "foi_portal.wsgi"],
            "web",
            DATABASE_URL=database or self.database(),
            PORT=str(port),
            WEB_CONCURRENCY="1",
            DEBUG="1",
        )

    def log(self) -> str:
        """All the processes have said, for whoever reads a failed test."""
        return "\n".join(f"== {path}\n{path.read_text()}" for path in sorted(self.folder.glob("*/log")))

    def end(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()


__all__ = ["FOI_HOST", "Browser", "Portal", "PostgresServer", "RedisServer", "free_port", "wait_for"]
