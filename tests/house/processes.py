"""Starts the project's commands as real processes, with nothing but the environment they are given."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PRODUCTION = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-+",
    "ALLOWED_HOSTS": "foi.example.dk",
    "SITE_URL": "https://foi.example.dk",
    "DATABASE_URL": "postgres://foi:secret@db.example.dk:5432/foi",
    "REDIS_URL": "redis://redis.example.dk:6379/0",
    "EMAIL_URL": "smtp://mail.example.dk:25",
}


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The given variables and those that any process needs."""
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**inherited, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1", **variables}


def run(
    command: Sequence[str], variables: Mapping[str, str], timeout: int = 60
) -> subprocess.CompletedProcess[str]:
    """The finished process, with its output as text."""
    return subprocess.run(
        list(command),
        cwd=ROOT,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start(command: Sequence[str], variables: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """The running process, all its output going to ``log``."""
    with log.open("wb") as output:
        return subprocess.Popen(
            list(command), cwd=ROOT, env=environment(variables), stdout=output, stderr=subprocess.STDOUT
        )
