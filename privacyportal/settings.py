"""Settings, read from the environment. Every variable is listed in .env.example."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parent.parent


class Environment(FileAwareMapping):  # type: ignore[misc]  # the library has no types
    """FOO_FILE=/run/secrets/foo works for every FOO."""

    def __getitem__(self, key: str) -> str:
        try:
            value: str = super().__getitem__(key)
        except OSError as error:
            raise ImproperlyConfigured(f"{key}_FILE cannot be read: {error}") from error
        return value.rstrip("\r\n")  # a file's last newline is not part of its secret


class Env(environ.Env):  # type: ignore[misc]  # the library has no types
    ENVIRON = Environment()


env = Env()
env.read_env(str(BASE_DIR / ".env"))

# --- Core -------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Keys the audit chain and seals what waits in the outbox. Empty means: derived from SECRET_KEY.
AUDIT_KEY = env.str("AUDIT_KEY", default="")
SEAL_KEY = env.str("SEAL_KEY", default="")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
# In development Django itself allows the names of this machine.
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if DEBUG else [urlsplit(SITE_URL).hostname or ""]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies in front of us add to X-Forwarded-For; 0 trusts nobody.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
# Each hour the head of the audit chain is written here; best on another volume.
AUDIT_HEAD_FILE = env.str("AUDIT_HEAD_FILE", default="") or str(VAR_DIR / "audit-head.log")
# One small machine in production: SQLite and no broker. Without it start-up asks for both.
ALLOW_EMBEDDED = env.bool("ALLOW_EMBEDDED", default=False)
# With this in "Authorization: Bearer …" /readyz says what is wrong; without it, only that it is.
HEALTH_TOKEN = env.str("HEALTH_TOKEN", default="")

INSTALLED_APPS = [
    # Dotted paths, so that a PyPI package named "requests" can never be taken
    # for our app: it has no apps.RequestsConfig and start-up fails at once.
    "consent.apps.ConsentConfig",
    "requests.apps.RequestsConfig",
    "privacyportal.apps.PortalAdminConfig",
    "privacyportal.apps.PortalConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "privacyportal.middleware.PlainPathMiddleware",
    "privacyportal.middleware.PortalErrorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "privacyportal.gate.StaffGateMiddleware",
]

ROOT_URLCONF = "privacyportal.urls"
WSGI_APPLICATION = "privacyportal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "privacyportal.context.site",
            ]
        },
    }
]

# --- Database ---------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Deferred transactions fail at once under several writers; immediate ones wait their turn.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "options": "-c lock_timeout=5000 -c statement_timeout=60000",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# --- Celery -----------------------------------------------------------------
# Empty means the embedded default: wake-ups are files in var/, no server needed.
BROKER_URL = env.str("BROKER_URL", default="")
CELERY_BROKER_URL = BROKER_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 3600}
    if BROKER_URL
    else {
        "data_folder_in": str(VAR_DIR / "wake"),
        "data_folder_out": str(VAR_DIR / "wake"),
        "control_folder": str(VAR_DIR / "wake-control"),
        "polling_interval": 0.2,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
# A broker that is down must not hold up the web: publish fails fast, the sweep finds the work.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
# Two queues that each worker takes turns with: a long run of mails holds up nothing else.
CELERY_TASK_QUEUES = {name: {"routing_key": name} for name in ("celery", "mail")}
CELERY_TASK_ROUTES = {"consent.tasks.deliver_mail": {"queue": "mail", "routing_key": "mail"}}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    # Both may ring twice or stay silent for a day: what is due is in the database.
    "sweep": {"task": "consent.tasks.sweep", "schedule": crontab()},
}

# --- Rate limits ------------------------------------------------------------
# Counted in Redis where there is one (shared by all web processes), else in memory.
RATE_LIMIT_STORE = env.str("RATE_LIMIT_STORE", default=BROKER_URL or "memory://")
# What one client may send to the public pages.
PUBLIC_LIMITS = {
    "questions": "300/hour",
    "filing": "20/hour",
    "codes": "30/hour",
    "messages": "30/hour",
}

# --- Mail -------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30)
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "consent.services.eml.EmlFileBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Privacy office <privacy@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Seconds in which an officer can take back what leaves the house.
UNDO_SECONDS = env.int("UNDO_SECONDS", default=15)
# Seconds a worker owns what it claimed from the outbox before another may take it.
OUTBOX_LEASE_SECONDS = env.int("OUTBOX_LEASE_SECONDS", default=120)
# Whether each mark on a mail waits for the disk. Off is faster, but a crash of the database server
# may then let the mails of its last 0.6 seconds go out twice, not only the one in hand.
OUTBOX_DURABLE_MARKS = env.bool("OUTBOX_DURABLE_MARKS", default=True)

# --- Languages and time -----------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sq", _("Albanian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["privacyportal.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files -----------------------------------------------------------
STATIC_URL = "/static/"
# An image brings its static files along, outside VAR_DIR.
STATIC_ROOT = Path(env.str("STATIC_DIR", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
MEDIA_ROOT = VAR_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- Sign-in of staff -------------------------------------------------------
AUTHENTICATION_BACKENDS = ["privacyportal.accounts.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/admin/"
ACCOUNT_ADAPTER = "privacyportal.accounts.StaffAccountAdapter"
ACCOUNT_FORMS = {"login": "privacyportal.signin_form.StaffLoginForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
MFA_ADAPTER = "privacyportal.accounts.StaffMfaAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "/admin/"
MFA_FORMS = {"authenticate": "privacyportal.signin.SecondStepForm"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Privacy Portal"
# With it on, an account without a second factor reaches nothing but the page that sets one up.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=not DEBUG)

# --- Cookies, headers, transport --------------------------------------------
SECURE = SITE_URL.startswith("https://")
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "privacyportal.views.csrf_failure"
PORTAL_COOKIE_NAME = "__Host-portal" if SECURE else "portal"
# Marks a browser in which an account signed in before; see privacyportal.signin.
KNOWN_COOKIE_NAME = "__Host-known" if SECURE else "known"
SECURE_HSTS_SECONDS = 63_072_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = False  # the proxy redirects; see docs/operators/
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # the same
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}

# --- API --------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["privacyportal.permissions.Nobody"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}

# --- Logging ----------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masked": {"()": "privacyportal.logging.MaskingFilter"}},
    "formatters": {
        "line": {
            "()": "privacyportal.logging.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["masked"]}
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django": {"handlers": [], "propagate": True, "level": "INFO"}},
}
