"""What each kind of process does with wrong, missing and right settings: always as a real process."""

import json
import re
import sys

import pytest

from foi_portal.environment import EXIT_STATUS
from tests.house.processes import PRODUCTION, ROOT, run

pytestmark = pytest.mark.anywhere
MANAGE = [sys.executable, "manage.py"]


@pytest.mark.parametrize(
    "command",
    [
        [*MANAGE, "check"],
        [*MANAGE, "migrate"],
        ["gunicorn", "-c", "python:foi_portal.gunicorn", "--bind", "127.0.0.1:0", "foi_portal.wsgi"],
        ["celery", "-A", "foi_portal", "worker"],
        ["celery", "-A", "foi_portal", "beat"],
    ],
    ids=lambda command: " ".join(command[:2]).rpartition("/")[2],
)
def test_a_missing_secret_stops_every_process_with_one_sentence(command):
    process = run(command, {})
    assert process.returncode == EXIT_STATUS
    [line] = process.stderr.splitlines()
    assert line.startswith("foi.E001: SECRET_KEY mangler")
    assert "make run" in line


def test_a_plain_gunicorn_stops_as_well():
    """Without our configuration it would start new workers for ever."""
    process = run(
        ["gunicorn", "--no-control-socket", "--bind", "127.0.0.1:0", "foi_portal.wsgi"], {}, timeout=20
    )
    assert process.returncode == EXIT_STATUS
    assert "foi.E001: SECRET_KEY mangler" in process.stderr


def test_wrong_values_are_told_all_at_once_without_a_traceback():
    process = run(
        [*MANAGE, "check"],
        {"DEBUG": "maybe", "DATABASE_URL": "oracle://h/x", "REDIS_URL": "x", "LOG_LEVEL": "LOUD"},
    )
    assert process.returncode == EXIT_STATUS
    assert [line[:8] for line in process.stderr.splitlines()] == [
        "foi.E002",
        "foi.E001",
        "foi.E003",
        "foi.E005",
        "foi.E002",
    ]


# Compressing every file takes most of a minute and proves nothing about our settings.
COLLECT = """
from whitenoise.compress import Compressor
Compressor.should_compress = lambda self, name: name.endswith(".css")
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "collectstatic", "--no-input", "--verbosity", "0"])
"""


def test_the_production_check_is_silent(tmp_path):
    env = PRODUCTION | {
        "STATIC_ROOT": str(tmp_path / "static"),
        "DJANGO_SETTINGS_MODULE": "foi_portal.settings",
    }
    collected = run([sys.executable, "-c", COLLECT], env, timeout=240)
    assert collected.returncode == 0, collected.stderr
    process = run([*MANAGE, "check", "--deploy", "--fail-level", "DEBUG"], env)
    assert (process.returncode, process.stderr) == (0, "")
    # The silenced one wants HSTS preloading.
    assert process.stdout == "System check identified no issues (1 silenced).\n"


def test_secrets_come_from_files(tmp_path):
    files = {}
    for name, value in PRODUCTION.items():
        path = tmp_path / name
        path.write_text(f"{value}\n")
        files[f"{name}_FILE"] = str(path)
    (tmp_path / "password").write_text("p@ss/word\n")
    files["DATABASE_PASSWORD_FILE"] = str(tmp_path / "password")
    show = "from django.conf import settings as s; import json; print(json.dumps([s.SECRET_KEY,"
    show += "s.DATABASES['default']['PASSWORD'], s.REDIS_URL, s.ALLOWED_HOSTS]))"
    process = run([sys.executable, "-c", show], {"DJANGO_SETTINGS_MODULE": "foi_portal.settings", **files})
    assert json.loads(process.stdout) == [
        PRODUCTION["SECRET_KEY"],
        "p@ss/word",
        PRODUCTION["REDIS_URL"],
        ["foi.example.dk"],
    ]


def test_debug_needs_nothing_set():
    process = run([*MANAGE, "check"], {"DEBUG": "1"})
    assert process.returncode == 0, process.stderr


def test_every_variable_is_explained():
    """docs/operations.md and settings name the same variables."""
    read = set()
    for path in ("settings.py", "gunicorn.py", "probe.py"):
        source = (ROOT / "foi_portal" / path).read_text()
        read |= set(
            re.findall(r'env\.(?:text|flag|number|words|choice|database|email|redis)\(\s*[\'"](\w+)', source)
        )
    explained = set(
        re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    )
    assert read == explained
