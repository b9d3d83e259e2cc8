"""Every setting, read from the environment. Nonsense raises; with nothing set all works on one machine.

The README lists each variable. What is not read from the environment here is not meant to be changed.
"""

import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import Env, ValidationError, validate

from market.core.quote import SOURCES
from pricefeed.database import read_database_url
from pricefeed.email_url import read_email_url
from pricefeed.redis_connection import layer_host
from pricefeed.secret_key import choose_secret_key

env = Env()


def _check_origin(origin: str) -> None:
    """An origin as browsers send it: scheme://host[:port] and nothing after it."""
    try:
        parts = urlsplit(origin)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValidationError(f"{origin!r} is not an origin: {error}") from error
    if not complete or origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise ValidationError(f"{origin!r} is not an origin like https://prices.example:8443")


def _check_origins(origins: list[str]) -> None:
    for origin in origins:
        _check_origin(origin)


def _check_networks(networks: list[str]) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ValidationError(str(error)) from error


def _check_url(*schemes: str) -> validate.URL:
    return validate.URL(require_tld=False, schemes=set(schemes))


def _check_redis(url: str) -> None:
    try:
        if url:
            layer_host(url)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _check_email(url: str) -> None:
    try:
        read_email_url(url)
    except ValueError as error:
        raise ValidationError(str(error)) from error


BASE_DIR = Path(__file__).resolve().parent.parent
# The SQLite file, the secret key and collected static files.
VAR_DIR: Path = env.path("VAR_DIR", BASE_DIR / "var").absolute()

# Processes and machines
DATABASE_URL: str = env.str("DATABASE_URL", "")
REDIS_URL: str = env.str("REDIS_URL", "", validate=_check_redis)

# Security
SECRET_KEY = choose_secret_key(
    env.str("SECRET_KEY", ""), folder=VAR_DIR, several_machines=bool(DATABASE_URL or REDIS_URL)
)
# Earlier secret keys: what was signed or encrypted with them can still be read.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
# With SECRET_KEY it encrypts addresses and secrets of recipients; the first encrypts, the others still decrypt.
SALT_KEY: list[str] = env.list("SALT_KEY", ["pricefeed recipients"], validate=validate.Length(min=1))
DEBUG: bool = env.bool("DEBUG", False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()])
# Sites whose pages may open our WebSocket and read our API; pages of our own always may.
ALLOWED_ORIGINS: list[str] = env.list("ALLOWED_ORIGINS", [], validate=_check_origins)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [], validate=_check_origins)
# Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed; read by pricefeed/server.py.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", [], validate=_check_networks)
# Visitors reach us by https only, through a proxy that sets X-Forwarded-Proto itself.
BEHIND_TLS_PROXY: bool = env.bool("BEHIND_TLS_PROXY", False)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS_PROXY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],  # covers the WebSocket of the same host and port
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The exchange and the feed
# ws:// and http:// are for a simulator; the default is the real thing.
BINANCE_STREAM_URL: str = env.str(
    "BINANCE_STREAM_URL", "wss://stream.binance.com:9443", validate=_check_url("ws", "wss")
)
BINANCE_REST_URL: str = env.str("BINANCE_REST_URL", "https://api.binance.com", validate=_check_url("http", "https"))
# Where prices come from, as clients are told; empty: seen from BINANCE_STREAM_URL.
PRICE_SOURCE: str = env.str("PRICE_SOURCE", "", validate=validate.OneOf(["", *SOURCES]))
# tickers: streams of each watched symbol; market: one stream of everything; recorded: those of a recording.
FEED_STREAMS: str = env.str("FEED_STREAMS", "tickers", validate=validate.OneOf(["tickers", "market", "recorded"]))
# Where `runfeed --record` writes, for who asks what a rule would have done on its ticks; there need be no such folder.
RECORD_DIR: Path = env.path("RECORD_DIR", VAR_DIR / "recorded").absolute()
CONFLATION_MS: int = env.int("CONFLATION_MS", 100, validate=validate.Range(min=0, max=60_000))
# Candles: whether they are stored, how many days of minutes a new symbol gets, and how many days rows of each stored
# length are kept (0: for ever).
CANDLES: bool = env.bool("CANDLES", True)
CANDLE_BACKFILL_DAYS: int = env.int("CANDLE_BACKFILL_DAYS", 3, validate=validate.Range(min=0, max=3650))
_days = validate.Range(min=0, max=36_500)
CANDLE_DAYS: dict[str, int] = {
    "1m": env.int("CANDLE_DAYS_1M", 90, validate=_days),
    "5m": env.int("CANDLE_DAYS_5M", 180, validate=_days),
    "15m": env.int("CANDLE_DAYS_15M", 400, validate=_days),
    "1h": env.int("CANDLE_DAYS_1H", 1825, validate=_days),
    "4h": env.int("CANDLE_DAYS_4H", 3650, validate=_days),
    "1d": env.int("CANDLE_DAYS_1D", 0, validate=_days),
}

# Who may read /metrics beside staff: networks, of those who come without a proxy between.
METRICS_NETWORKS: list[str] = env.list("METRICS_NETWORKS", ["127.0.0.0/8", "::1"], validate=_check_networks)

# Clients
HEARTBEAT_SECONDS: int = env.int("HEARTBEAT_SECONDS", 20, validate=validate.Range(min=1, max=300))
MAX_SYMBOLS: int = env.int("MAX_SYMBOLS", 1024, validate=validate.Range(min=1, max=100_000))
CLIENT_MESSAGES_PER_SECOND: int = env.int("CLIENT_MESSAGES_PER_SECOND", 10, validate=validate.Range(min=1, max=10_000))

# Alerts that leave the house
_mail = read_email_url(env.str("EMAIL_URL", "", validate=_check_email))
EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"], _mail["EMAIL_TIMEOUT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", f"pricefeed@{socket.gethostname().lower()}")
# Where people reach the pages: what links in alerts begin with.
SITE_URL: str = env.str("SITE_URL", "http://127.0.0.1:8000", validate=_check_origin)
# Webhooks into our own network are refused, as the addresses could be anybody's; all of it, or these networks, may be.
ALLOW_PRIVATE_WEBHOOKS: bool = env.bool("ALLOW_PRIVATE_WEBHOOKS", False)
WEBHOOK_NETWORKS: list[str] = env.list("WEBHOOK_NETWORKS", [], validate=_check_networks)

# What Django is made of
INSTALLED_APPS = [
    "market",  # first: its runserver replaces daphne's, which replaces Django's
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "servestatic",
    "csp",
    "channels",
    "django_eventstream",
    "simple_history",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # the cookie of market/look.py, else what the browser asks for
    "market.zone.admin_zone",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",  # who changed it
]
ROOT_URLCONF = "pricefeed.urls"
ASGI_APPLICATION = "pricefeed.asgi.application"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
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
            ]
        },
    }
]
# Readers choose among LANGUAGES; this is for those whose browser names none of them, and for alerts by mail.
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LANGUAGE_CODE: str = env.str("LANGUAGE_CODE", "en", validate=validate.OneOf([code for code, _ in LANGUAGES]))
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = BEHIND_TLS_PROXY
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {"default": read_database_url(DATABASE_URL or f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if not DATABASE_URL:
    VAR_DIR.mkdir(parents=True, exist_ok=True)

# Without Redis everything lives in one process and needs neither.
CHANNEL_LAYERS: dict[str, dict[str, object]] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES: dict[str, dict[str, object]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    # Pub/sub, not the queueing layer: nothing is stored, and an idle consumer is not killed by redis-py 8.
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [layer_host(REDIS_URL)], "prefix": "pricefeed"},
    }
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pricefeed",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }

# The durable lane (django-eventstream)
EVENTSTREAM_STORAGE_CLASS = "market.durable.Storage"
EVENTSTREAM_CHANNELMANAGER_CLASS = "market.durable.Channels"

# An older version has no secrets: going back to it would lose them.
SIMPLE_HISTORY_REVERT_DISABLED = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "pricefeed.storage.HashedStaticStorage"},
}
# Hashed names come from what was collected, plain ones from their sources; uncollected, all are plain.
SERVESTATIC_USE_MANIFEST = True
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False

LOG_LEVEL: str = env.str(
    "LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"seldom": {"()": "pricefeed.log_filters.Seldom"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django gives these handlers of its own: every line would come twice.
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
        # A line per request or per frame.
        "django.request": {"level": "ERROR"},
        # A traceback per bad request, which everybody can send: the answer is a 400.
        "django.security": {"level": "CRITICAL"},
        "django_eventstream": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "websockets": {"level": "WARNING"},
        # They name addresses with tokens in them. What apprise says is read by market/notify/apprise.py.
        "apprise": {"handlers": ["nowhere"], "level": "WARNING", "propagate": False},
        "urllib3": {"level": "ERROR"},
        # A traceback a second while Redis is away.
        "channels_redis.pubsub": {"filters": ["seldom"]},
    },
}
