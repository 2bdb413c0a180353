"""Settings of FOI-portalen, all from the environment, all in this file.

Every variable of ``docs/operations.md`` can also be read from a file by ``<NAME>_FILE``, which is
how container platforms hand over secrets. What is missing or cannot be read stops the start of any
process (web, worker, beat, command) with one sentence per fault; what is merely unwise is said by
the system checks of ``checks.py``.
"""

import sys
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF

from foi_portal.environment import Environment

# Generic classes of Django (ModelForm[Asset]) can be written as the type checker wants them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DEBUG = env.flag("DEBUG", default=False)
TESTING = "pytest" in sys.modules
_RELAXED = DEBUG or TESTING

# The default key is for development only.
SECRET_KEY = env.text("SECRET_KEY", default="development-only-" + "x" * 40 if _RELAXED else "")
if not SECRET_KEY:
    env.problem(
        "foi.E001",
        "SECRET_KEY mangler: sæt SECRET_KEY eller SECRET_KEY_FILE til mindst 50 tilfældige tegn",
        "SECRET_KEY is required outside DEBUG; for a portal on your own machine use `make run`",
    )
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"] if _RELAXED else []
)
SITE_URL = env.text("SITE_URL", default="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "foi_portal.pages",
    "coordination",
    "budgets",
    "roles",
    "registry",
    "foi_portal.ui",
    "foi_portal.core",
    "foi_portal.ui.site.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "foi_portal.core.middleware.UploadLimitMiddleware",
    "foi_portal.core.middleware.SoundRequestMiddleware",
    "foi_portal.core.middleware.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, so that every other middleware has said yes before a write is recorded.
    "foi_portal.core.middleware.RecordingMiddleware",
]

ROOT_URLCONF = "foi_portal.urls"
WSGI_APPLICATION = "foi_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "foi_portal.ui.context.portal",
            ],
            "builtins": ["foi_portal.ui.templatetags.ui"],
        },
    }
]

# Database: DATABASE_URL=postgres://… in real use, else an embedded SQLite file.
_database = env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'portal.sqlite3'}")
DATABASES = {"default": _database}
_test_name = f"test_foi_{env.text('TEST_DB_SUFFIX', default='portal')}"
if _database["ENGINE"] == "django.db.backends.postgresql":
    # Apart from the URL, so that a password from a file needs no escaping.
    _database["PASSWORD"] = env.text("DATABASE_PASSWORD", default=_database["PASSWORD"])
    # A pool survives a restart of PostgreSQL with the fewest failed requests; the time-outs keep it
    # from hanging when the network swallows everything.
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 5000,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": env.number("DATABASE_POOL_SIZE", 8, least=1), "timeout": 5},
        "options": (
            f"-c statement_timeout={env.number('STATEMENT_TIMEOUT_MS', 60_000, least=100)} "
            "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
        ),
    }
    _database["TEST"] = {"NAME": _test_name}
else:
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    _database["TEST"] = {"NAME": str(BASE_DIR / "var" / f"{_test_name}.sqlite3")}
    (BASE_DIR / "var").mkdir(exist_ok=True)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: cache and broker. Without it the cache is local and Celery runs in the caller.
REDIS_URL = env.redis("REDIS_URL")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "foi_portal.core.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_EAGER_PROPAGATES = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis for as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_TIMEZONE = "Europe/Copenhagen"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
_run_dir = Path(env.text("RUN_DIR", default=str(BASE_DIR / "var")))
CELERY_BEAT_SCHEDULE_FILENAME = str(_run_dir / "beat-schedule")
BEAT_TICK_FILE = _run_dir / "beat.tick"
CELERY_BEAT_SCHEDULE = {
    # Shows in /healthz that beat, broker and worker hang together.
    "heartbeat": {"task": "foi_portal.celery.heartbeat", "schedule": 10, "options": {"expires": 10}},
    # Starts whatever is due. What runs when stands in the database (core/jobs.py), so nothing is missed or doubled.
    "run-due": {"task": "foi_portal.core.tasks.run_due", "schedule": 15, "options": {"expires": 15}},
}

# Mail
vars().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="foi-portalen@localhost")
FOI_EMAIL = env.text("FOI_EMAIL", default="foi-enheden@example.org" if DEBUG else "")

# Users
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "roles.backends.OwnSystemsBackend",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "front"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60

# Danish on screen
LANGUAGE_CODE = "da"
TIME_ZONE = "Europe/Copenhagen"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# Static files: our own and the npm packages, with hashed names.
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
NODE_MODULES = BASE_DIR / "node_modules"
if _RELAXED:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # empty; WhiteNoise complains when it is not there
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "static"]
if NODE_MODULES.is_dir():  # not in the image, where everything was collected when it was built
    STATICFILES_DIRS += [
        ("dkfds", NODE_MODULES / "dkfds/dist"),
        ("htmx", NODE_MODULES / "htmx.org/dist"),
        ("accessible-autocomplete", NODE_MODULES / "accessible-autocomplete/dist"),
        ("cytoscape", NODE_MODULES / "cytoscape/dist"),
    ]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _RELAXED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = _RELAXED

# Uploads: files are parsed defensively (registry/importing); this is the outer wall.
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_BYTES", 20 * 1024 * 1024, least=1)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Safety
TRUSTED_PROXY = env.flag("TRUSTED_PROXY", default=False)
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not _RELAXED:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    # The browsers' built-in list takes in the whole domain and is hard to leave: only who owns it may ask for that,
    # so the check that wants everybody to (W021) is silenced.
    SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_PRELOAD", default=False)
    SILENCED_SYSTEM_CHECKS = ["security.W021"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},  # without Django's own handlers, or each line comes twice
        "weasyprint": {"level": "WARNING"},  # tells of every step of every PDF
        "fontTools": {"level": "WARNING"},
    },
}

env.stop_if_wrong()
