"""Settings of an installation: one file, read from the environment, SQLite by default.

| variable | meaning | default |
|---|---|---|
| PANELWRIGHT_DATA | folder for the database file and the secret key | ./var/data |
| PANELWRIGHT_DATABASE_URL | sqlite:////path/file or postgresql://user:password@host:port/name | a file there |
| PANELWRIGHT_SECRET_KEY | signs and encrypts; 32 or more, no spaces, no commas | made once, kept in the data folder |
| PANELWRIGHT_SECRET_KEY_FALLBACKS | keys from before, comma-separated: they read and do not write | none |
| PANELWRIGHT_DEBUG | 1: Django's debug pages | 0 |
| PANELWRIGHT_HOST_SITE | host name of the operators' pages; no panel answers on it | none: no such pages |
| PANELWRIGHT_TRUSTED_PROXIES | addresses whose X-Forwarded-For and -Proto are believed, comma-separated | none |
| PANELWRIGHT_CONNECTIONS_PER_ADDRESS | connections of one address, but a trusted proxy, to a web process | 256 |
| PANELWRIGHT_CONNECTIONS | connections to a web process in all | 4096 |
| PANELWRIGHT_UNPROVEN_LETTERS | emails a day of all staff to addresses that nobody confirmed | 2000 |
| PANELWRIGHT_UNPROVEN_LETTERS_OF_PANEL | the same of one panel | 200 |
| PANELWRIGHT_HEAD_S | seconds that a request's head may take | 15 |
| PANELWRIGHT_BODY_S | seconds that its body may take, and one more for each 16 KiB | 30 |
| PANELWRIGHT_SHARE_CPU | 1: on SQLite, a busy event loop and its batch share a processor | 1 |
| PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS | 1: providers and feeds may live on private and loopback addresses | 0 |
| PANELWRIGHT_ALLOW_PRIVATE_WEBHOOKS | 1: customers' webhooks may live on private addresses of other machines | 0 |
| PANELWRIGHT_ALLOW_WEBHOOKS_TO_THIS_MACHINE | 1: on this machine's own addresses; on loopback with both | 0 |
| PANELWRIGHT_SANDBOX_GATEWAYS | address of simulated gateways, which take no real money; never in production | none |
| PANELWRIGHT_PRIVATE_GATEWAYS | hosts of gateways on private addresses, comma-separated | none |
| PANELWRIGHT_TEST_PAYMENTS | 1: methods of a gateway's test mode can be turned on, and credit balances | 0 |
| PANELWRIGHT_EMAIL_URL | smtp://user:password@host:587, smtps://user:password@host:465, file:///folder | folder mail |
| PANELWRIGHT_EMAIL_FROM | the sender's address | noreply@ the panel's first domain |
| PANELWRIGHT_TELEGRAM_API | where bots of panels are called, for notices to staff | https://api.telegram.org |
| PANELWRIGHT_FSYNC | 0: SQLite does not wait for the disk (tests only; loses orders at a power cut) | 1 |
| PANELWRIGHT_DB_POOL | most PostgreSQL connections of one process; 0: no pool | 12 |
| PANELWRIGHT_DB_PREPARED | 0: PostgreSQL prepares no statements (a pooler in between that cannot keep them) | 1 |
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from panelwright.core import limits
from panelwright.core.private import keep_private
from panelwright.core.remote import plain
from panelwright.core.secret import secret_keys

BASE_DIR = Path(__file__).resolve().parent
_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){0,8}")


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).strip().lower() in {"1", "true", "yes", "on"}


def _host_name(name: str) -> str:
    """A host name without a port, or nothing. Raises ValueError with what is wrong."""
    text = os.environ.get(name, "").strip().lower().rstrip(".")
    if text and not _HOST_NAME.fullmatch(text):
        raise ValueError(f"{name}: write a host name without a port, such as host.example.com")
    return text


def _count(name: str, default: int) -> int:
    """A number of 1 or more. Raises ValueError with what is wrong."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ValueError(f"{name}: write a number of 1 or more")
    return int(text[:9])


# Also where something else than our commands loads the settings.
keep_private()


DATA = Path(os.environ.get("PANELWRIGHT_DATA") or "var/data").resolve()
SECRET_KEY, *SECRET_KEY_FALLBACKS = secret_keys(DATA)
DEBUG = _flag("PANELWRIGHT_DEBUG")
FSYNC = _flag("PANELWRIGHT_FSYNC", "1")
ALLOW_PRIVATE_PROVIDERS = _flag("PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS")
ALLOW_PRIVATE_WEBHOOKS = _flag("PANELWRIGHT_ALLOW_PRIVATE_WEBHOOKS")
ALLOW_WEBHOOKS_TO_THIS_MACHINE = _flag("PANELWRIGHT_ALLOW_WEBHOOKS_TO_THIS_MACHINE")
# Simulated gateways and test modes credit balances without money: both are for tests and demos alone.
SANDBOX_GATEWAYS = os.environ.get("PANELWRIGHT_SANDBOX_GATEWAYS", "").strip().rstrip("/")
PRIVATE_GATEWAYS = frozenset(
    host.strip().lower() for host in os.environ.get("PANELWRIGHT_PRIVATE_GATEWAYS", "").split(",") if host.strip()
)
TEST_PAYMENTS = _flag("PANELWRIGHT_TEST_PAYMENTS")
TRUSTED_PROXIES = frozenset(
    plain(a) or a.strip() for a in os.environ.get("PANELWRIGHT_TRUSTED_PROXIES", "").split(",") if a.strip()
)
CONNECTIONS_PER_ADDRESS = _count("PANELWRIGHT_CONNECTIONS_PER_ADDRESS", limits.CONNECTIONS_PER_ADDRESS_MAX)
CONNECTIONS = _count("PANELWRIGHT_CONNECTIONS", limits.CONNECTIONS_MAX)
HEAD_S = _count("PANELWRIGHT_HEAD_S", int(limits.HEAD_S))
BODY_S = _count("PANELWRIGHT_BODY_S", int(limits.BODY_S))
UNPROVEN_LETTERS_OF_PANEL = _count("PANELWRIGHT_UNPROVEN_LETTERS_OF_PANEL", limits.UNPROVEN_LETTERS_OF_PANEL_MAX)
UNPROVEN_LETTERS = _count("PANELWRIGHT_UNPROVEN_LETTERS", limits.UNPROVEN_LETTERS_MAX)
SHARE_CPU = _flag("PANELWRIGHT_SHARE_CPU", "1")

# The pages of whoever runs the installation, at whatever port (panelwright/host).
HOST_SITE = _host_name("PANELWRIGHT_HOST_SITE")
# Hosts are checked by the Domain table: an unknown one has no panel and gets a 404.
ALLOWED_HOSTS = ["*"]


def database(url: str) -> dict[str, Any]:
    """Django's settings for a database address. Raises ValueError with what is wrong."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = unquote(parts.path)
        if not path.startswith("/") or path == "/":
            raise ValueError("PANELWRIGHT_DATABASE_URL: write sqlite:////absolute/path/to/file.sqlite3")
        path = "/" + path.lstrip("/")
        pragmas = [
            "PRAGMA journal_mode=WAL",
            f"PRAGMA synchronous={'FULL' if FSYNC else 'OFF'}",
            "PRAGMA cache_size=-65536",
            "PRAGMA mmap_size=268435456",
        ]
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": ";".join(pragmas)},
            "TEST": {"NAME": path + ".test"},
        }
    if parts.scheme in {"postgresql", "postgres"}:
        query = dict(parse_qsl(parts.query))
        # A socket folder may stand in the query: postgresql:///name?host=/run/postgresql
        options: dict[str, Any] = {k: v for k, v in query.items() if k not in {"host", "port", "user"}}
        # Django's own default is never: each batch of orders was planned anew, statement by statement.
        options["prepare_threshold"] = 5 if _flag("PANELWRIGHT_DB_PREPARED", "1") else None
        pool_max = int(os.environ.get("PANELWRIGHT_DB_POOL", "12"))
        if pool_max:
            options["pool"] = {"min_size": 1, "max_size": pool_max, "timeout": 20}
        return {
            "ENGINE": "panelwright.core.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or query.get("user", "")),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or query.get("host", ""),
            "PORT": str(parts.port or query.get("port", "")),
            "CONN_MAX_AGE": 0,
            "OPTIONS": options,
        }
    raise ValueError("PANELWRIGHT_DATABASE_URL: start it with sqlite:// or postgresql://")


DATABASES = {"default": database(os.environ.get("PANELWRIGHT_DATABASE_URL") or f"sqlite:///{DATA}/panelwright.sqlite3")}


def mail(url: str) -> dict[str, Any]:
    """The e-mail backend of an address, and its options. Raises ValueError with what is wrong."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("PANELWRIGHT_EMAIL_URL: this is not a URL") from None
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("PANELWRIGHT_EMAIL_URL: write file:///absolute/path/of/a/folder")
        return {"backend": "panelwright.events.mail_backend.FolderBackend", "folder": unquote(parts.path)}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("PANELWRIGHT_EMAIL_URL: write smtp://…@host:587, smtps://…@host:465 or file:///folder")
    implicit = parts.scheme == "smtps"
    return {
        "backend": "django.core.mail.backends.smtp.EmailBackend",
        "host": parts.hostname,
        "port": port or (465 if implicit else 587),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": implicit,
        # A server that does not offer it is not spoken to, unless the address says that it is so.
        "use_tls": not implicit and dict(parse_qsl(parts.query)).get("starttls") != "no",
        "timeout": 20,
    }


MAIL = mail(os.environ.get("PANELWRIGHT_EMAIL_URL") or f"file://{quote(str(DATA / 'mail'))}")
# Without a slash at its end.
TELEGRAM_API = os.environ.get("PANELWRIGHT_TELEGRAM_API", "").strip().rstrip("/") or "https://api.telegram.org"
MAIL_FROM = os.environ.get("PANELWRIGHT_EMAIL_FROM", "").strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "panelwright.panels",
    "panelwright.ledger",
    "panelwright.events",
    "panelwright.staff",
    "panelwright.content",
    "panelwright.customers",
    "panelwright.catalog",
    "panelwright.orders",
    "panelwright.providers",
    "panelwright.support",
    "panelwright.promotions",
    "panelwright.payments",
    "panelwright.receipts",
    "panelwright.notices",
    "panelwright.reports",
    "panelwright.ui",
    "panelwright.backoffice",
    "panelwright.storefront",
    "panelwright.host",
]
AUTH_USER_MODEL = "customers.User"
# E-mail addresses are unique within a panel, not over the installation.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "auth.E003"]
PASSWORD_HASHERS = ["panelwright.customers.passwords.OwaspArgon2"]
# Length is checked by customers/account_actions.py, which says how long it has to be.
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"}]

MIDDLEWARE = [
    "panelwright.ui.middleware.AnyProcessorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Before the panel is known: its 404 for a strange host has the same headers.
    "panelwright.ui.middleware.SecurityHeadersMiddleware",
    "panelwright.ui.middleware.PlainTextMiddleware",
    # On the operators' host there is no panel: the middleware of panels lets its requests through.
    "panelwright.host.middleware.HostSiteMiddleware",
    "panelwright.panels.middleware.CurrentPanelMiddleware",
    "panelwright.ui.middleware.VisitorMiddleware",
    "panelwright.ui.middleware.LanguageMiddleware",
    "panelwright.ui.error_pages.ErrorPageMiddleware",
    "panelwright.ui.maintenance.MaintenanceMiddleware",
    "panelwright.ui.referring.ReferralMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "panelwright.urls"
TEMPLATES = [
    {
        "BACKEND": "panelwright.ui.engine.Templates",
        "NAME": "django",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)"), ("es", "Español"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "panelwright.ui.views.forged"
# What a page says after it has sent the visitor on; sessions are ours and hold no data (customers/sessions.py).
MESSAGE_TAGS = {25: "good", 30: "warn", 40: "bad"}
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = limits.PAGE_FORM_BYTES_MAX
DATA_UPLOAD_MAX_NUMBER_FIELDS = limits.PAGE_FIELDS_MAX

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PANELWRIGHT_LOG_LEVEL", "INFO")},
    # What clients send is theirs: a form that is none must not fill the log.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "python_multipart": {"level": "CRITICAL"},
        # It writes whole addresses down for whoever looks for a fault: a bot's token, and the secrets of webhooks.
        "urllib3": {"level": "INFO"},
    },
}
