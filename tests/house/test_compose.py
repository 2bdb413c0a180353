"""docker-compose.yml without Docker: against the specification's schema, and each command as a process."""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from django.conf import settings

from tests.house.processes import BIN, ROOT, run, start

FILE = ROOT / "docker-compose.yml"
GIVEN = {
    "ALLOWED_HOSTS": "foi.example.dk",
    "SITE_URL": "https://foi.example.dk",
    "EMAIL_URL": "smtp://mail:1025",
    "DEFAULT_FROM_EMAIL": "foi@example.dk",
    "SECRETS_DIR": "/srv/secrets",
}
OURS = ("migrate", "web", "worker", "beat")


def interpolated(text: str, variables: dict[str, str]) -> str:
    """Compose's own rules for ``${NAME:-default}`` and ``${NAME:?message}``."""

    def value(match: re.Match[str]) -> str:
        name, operator, rest = match["name"], match["operator"], match["rest"]
        if variables.get(name):
            return variables[name]
        if operator == ":-":
            return rest
        raise LookupError(f"{name}: {rest}")

    return re.sub(r"\$\{(?P<name>\w+)(?P<operator>:[-?])(?P<rest>[^}]*)\}", value, text)


def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(interpolated(FILE.read_text(), GIVEN))
    return parsed


def test_the_file_follows_the_compose_specification():
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_the_schema_finds_faults(tmp_path):
    broken = tmp_path / "compose.yml"
    broken.write_text(FILE.read_text().replace("condition: service_healthy", "condition: service_happy", 1))
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(broken)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_what_is_needed_has_no_default(name):
    with pytest.raises(LookupError, match=name):
        interpolated(FILE.read_text(), {**GIVEN, name: ""})


def test_the_example_names_every_variable():
    used = set(re.findall(r"\$\{(\w+)", FILE.read_text())) - {"FOI_VERSION"}
    named = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)) - {
        "COMPOSE_PROFILES"
    }
    assert named == used


def test_no_secret_is_written_in_the_file():
    for name, service in compose()["services"].items():
        for variable in service.get("environment", {}):
            assert not re.search(r"(PASSWORD|SECRET|KEY|TOKEN)$", variable), (name, variable)
    assert all(set(secret) == {"file"} for secret in compose()["secrets"].values())


def test_only_this_machine_reaches_the_ports():
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_lasting_service_has_a_health_check():
    services = compose()["services"]
    assert {"web", "worker", "beat", "migrate", "db", "redis", "mail"} == set(services)
    assert [name for name, service in services.items() if "healthcheck" not in service] == []


def test_the_image_is_built_in_stages_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    assert sum(line.startswith("FROM ") for line in lines) == 3
    assert "USER 10001:10001" in lines[last:]
    assert any("collectstatic" in line for line in lines[:last])
    assert any(line.startswith("HEALTHCHECK") for line in lines[last:])
    assert not [line for line in lines if re.match(r"(ENV|ARG).*(SECRET|PASSWORD|KEY)", line)]


def test_what_the_image_copies_is_let_through_and_nothing_else():
    copied = set()
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(shlex.split(line)[1:-1])
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


# Each service's exact command.


@pytest.fixture
def database():
    """A new, empty database on the tests' PostgreSQL; its address with the password apart."""
    config = settings.DATABASES["default"]
    server: dict[str, Any] = {
        "host": config["HOST"] or None,
        "port": config["PORT"] or 5432,
        "user": config["USER"] or None,
        "password": config["PASSWORD"] or None,
    }
    name = f"foi_compose_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        host = config["HOST"] or "127.0.0.1"
        yield f"postgres://{config['USER']}@{host}:{server['port']}/{name}", config["PASSWORD"]
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def service_environment(database, tmp_path) -> Callable[[str], dict[str, str]]:
    """A service's environment as the file says, with this machine's addresses for the containers'."""
    url, password = database
    secrets = {"secret_key": "k" * 60, "database_password": password or "unused"}
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")
    (tmp_path / "run").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    here = {
        "DATABASE_URL": url,
        # A queue of its own: this worker must not take what other tests send.
        "REDIS_URL": urlsplit(settings.REDIS_URL)._replace(path="/15").geturl(),
        "RUN_DIR": str(tmp_path / "run"),
        "HOST": "127.0.0.1",
        "PORT": port,
        **{f"{name.upper()}_FILE": str(tmp_path / name) for name in secrets},
    }

    def environment(service: str) -> dict[str, str]:
        written = compose()["services"][service]["environment"]
        return {name: here.get(name, str(value)) for name, value in written.items()}

    return environment


def is_healthy(service: dict[str, Any], variables: dict[str, str]) -> bool:
    """What the service's own health check says."""
    kind, *check = service["healthcheck"]["test"]
    assert kind == "CMD"
    return run(check, variables).returncode == 0


def wait_until(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.3)
    return False


@pytest.mark.postgres
@pytest.mark.redis
def test_each_command_starts_becomes_healthy_and_stops(service_environment, tmp_path: Path):
    services = compose()["services"]
    migrated = run(services["migrate"]["command"], service_environment("migrate"), timeout=120)
    assert migrated.returncode == 0, migrated.stderr

    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in ("web", "worker", "beat"):
            running[name] = start(
                services[name]["command"], service_environment(name), tmp_path / f"{name}.log"
            )
        for name in running:
            log = tmp_path / f"{name}.log"
            assert wait_until(partial(is_healthy, services[name], service_environment(name)), 60), (
                log.read_text()
            )

        port = service_environment("web")["PORT"]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/healthz", headers={"Host": "foi.example.dk"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200

        for process in running.values():
            process.send_signal(signal.SIGTERM)
        stopped = {name: process.wait(timeout=30) for name, process in running.items()}
        assert stopped == {"web": 0, "worker": 0, "beat": 0}
    finally:
        for process in running.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_service_that_does_not_run_is_not_healthy(name, service_environment):
    assert not is_healthy(compose()["services"][name], service_environment(name))


def test_the_home_directory_gets_no_control_socket(tmp_path):
    """gunicorn opens one there unless told not to."""
    shown = run(
        ["gunicorn", "-c", "python:foi_portal.gunicorn", "--print-config", "foi_portal.wsgi"],
        {"DEBUG": "1", "HOME": str(tmp_path)},
    )
    assert re.search(r"^control_socket_disable\s+= True$", shown.stdout, re.MULTILINE), (
        shown.stdout + shown.stderr
    )
    assert os.listdir(tmp_path) == []
