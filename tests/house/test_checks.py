"""The system checks of foi_portal/checks.py, each with what brings it about and what does not."""

import pytest

from foi_portal.checks import check_settings

# Django warns against it because connections would not follow; the checks only read.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")


@pytest.fixture
def production(settings, tmp_path):
    """Settings about which the checks have nothing to say."""
    (tmp_path / "staticfiles.json").write_text("{}")
    settings.DEBUG = False
    settings.SITE_URL = "https://foi.example.dk"
    settings.ALLOWED_HOSTS = ["foi.example.dk"]
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
    settings.REDIS_URL = "redis://redis/0"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.WHITENOISE_USE_FINDERS = False
    settings.STATIC_ROOT = tmp_path
    return settings


def found():
    return [message.id for message in check_settings(None)]


def test_good_settings_give_no_message(production):
    assert found() == []


@pytest.mark.parametrize(
    "url", ["foi.example.dk", "https://", "https://foi.example.dk/sti", "ftp://foi.example.dk"]
)
def test_site_url_is_an_address(production, url):
    production.SITE_URL = url
    assert found() == ["foi.E006"]


def test_site_url_is_https_outside_debug(production):
    production.SITE_URL = "http://foi.example.dk"
    assert found() == ["foi.E006"]
    production.DEBUG = True
    assert found() == []


def test_allowed_hosts_are_needed(production):
    production.ALLOWED_HOSTS = []
    assert found() == ["foi.E007"]


@pytest.mark.parametrize(
    ("name", "value", "check_id"),
    [
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "foi.W001"),
        ("REDIS_URL", "", "foi.W002"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "foi.W003"),
    ],
)
def test_unwise_services_are_a_warning_outside_debug(production, name, value, check_id):
    setattr(production, name, value)
    assert found() == [check_id]
    production.DEBUG = True
    assert found() == []


def test_front_end_packages_are_needed_where_they_are_served_from(production, tmp_path):
    production.WHITENOISE_USE_FINDERS = True
    production.NODE_MODULES = tmp_path / "node_modules"
    assert found() == ["foi.W004"]
    (tmp_path / "node_modules/dkfds/dist").mkdir(parents=True)
    assert found() == []


def test_static_files_are_collected(production, tmp_path):
    (tmp_path / "staticfiles.json").unlink()
    assert found() == ["foi.W005"]


def test_every_message_has_a_hint_with_both_languages(production):
    production.SITE_URL, production.ALLOWED_HOSTS, production.REDIS_URL = "x", [], ""
    for message in check_settings(None):
        assert message.hint
        assert message.hint.endswith(")")
