"""Reading the environment: every fault at once, in a sentence, and no secret repeated."""

import pytest

from foi_portal.environment import Environment

POSTGRES = "django.db.backends.postgresql"


def read(name, value):
    return Environment({name: value})


def test_not_set_and_empty_give_the_default():
    for env in (Environment({}), read("X", ""), read("X", "  ")):
        assert env.text("X", "default") == "default"
        assert env.flag("X", default=True) is True
        assert env.number("X", 7) == 7
        assert env.words("X", ["a"]) == ["a"]
        assert env.redis("X") == ""
        assert env.problems == []


def test_a_file_wins_and_loses_its_last_line_break(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("$ecret\n")
    env = Environment({"KEY": "from the environment", "KEY_FILE": str(secret)})
    assert env.text("KEY") == "$ecret"


def test_every_reader_reads_files(tmp_path):
    for value, reader, expected in [
        ("ja", lambda env: env.flag("X", default=False), True),
        ("3", lambda env: env.number("X", 7), 3),
        ("a, b", lambda env: env.words("X", []), ["a", "b"]),
        ("redis://h/1", lambda env: env.redis("X"), "redis://h/1"),
        ("warning", lambda env: env.choice("X", "INFO", ("INFO", "WARNING")), "WARNING"),
        ("postgres://u:p@h:5433/foi", lambda env: env.database("X", "sqlite:///x")["NAME"], "foi"),
        ("smtp://h:2525", lambda env: env.email("X", "consolemail://")["EMAIL_PORT"], 2525),
    ]:
        path = tmp_path / "value"
        path.write_text(f"{value}\n")
        assert reader(Environment({"X_FILE": str(path)})) == expected


def test_a_file_that_is_not_there_is_a_problem():
    env = read("KEY_FILE", "/nowhere/key")
    assert env.text("KEY", "default") == "default"
    [problem] = env.problems
    assert problem.startswith("foi.E002: KEY_FILE=/nowhere/key kan ikke læses")


@pytest.mark.parametrize("value", ["maybe", "2", "sand"])
def test_a_flag_is_yes_or_no(value):
    env = read("DEBUG", value)
    assert env.flag("DEBUG", default=False) is False
    assert env.problems == [f"foi.E002: DEBUG={value} skal være 1 eller 0 (DEBUG must be 1 or 0)"]


@pytest.mark.parametrize("value", ["x", "1.5", "-1", "0"])
def test_a_number_is_whole_and_large_enough(value):
    env = read("N", value)
    assert env.number("N", 8, least=1) == 8
    assert len(env.problems) == 1


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("postgres://foi:a%40b@db:5432/foi", "foi", "db"),
        ("postgresql:///foi", "foi", ""),
        ("sqlite:////srv/portal.sqlite3", "/srv/portal.sqlite3", ""),
    ],
)
def test_a_database_url(url, name, host):
    env = read("DATABASE_URL", url)
    database = env.database("DATABASE_URL", "sqlite:///default")
    assert (database["NAME"], database["HOST"]) == (name, host)
    assert env.problems == []


@pytest.mark.parametrize(
    "url",
    [
        "foi",
        "postgres://",
        "postgres://foi:hemmelig@db/",
        "mysql://foi:hemmelig@db/foi",
        "postgres://db:port/foi",
        "://",
    ],
)
def test_a_database_url_that_cannot_be_read_is_named_but_not_repeated(url):
    env = read("DATABASE_URL", url)
    assert env.database("DATABASE_URL", "sqlite:///default")["NAME"] == "default"
    [problem] = env.problems
    assert problem.startswith("foi.E003: DATABASE_URL skal være")
    assert "hemmelig" not in problem


@pytest.mark.parametrize("url", ["mail", "smtp://", "smtp://host:port", "http://host", "smtp:host:25"])
def test_a_mail_url_that_cannot_be_read(url):
    env = read("EMAIL_URL", url)
    assert env.email("EMAIL_URL", "consolemail://")["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert [problem[:8] for problem in env.problems] == ["foi.E004"]


def test_a_mail_url_without_a_port_uses_25():
    assert read("EMAIL_URL", "smtp://mail").email("EMAIL_URL", "consolemail://")["EMAIL_PORT"] == 25


@pytest.mark.parametrize("url", ["localhost:6379", "http://redis", "redis://", "redis://h:port"])
def test_a_redis_url_that_cannot_be_read(url):
    env = read("REDIS_URL", url)
    assert env.redis("REDIS_URL") == ""
    assert [problem[:8] for problem in env.problems] == ["foi.E005"]


def test_every_fault_is_told_before_the_stop(capsys):
    env = Environment({"A": "maybe", "B": "x"})
    env.flag("A", default=False)
    env.number("B", 1)
    with pytest.raises(SystemExit, match="3"):
        env.stop_if_wrong()
    assert [line[:8] for line in capsys.readouterr().err.splitlines()] == ["foi.E002", "foi.E002"]


def test_nothing_wrong_does_not_stop():
    Environment({}).stop_if_wrong()
