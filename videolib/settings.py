"""Every setting of videolib, from the environment, read once. docs/settings.md lists them; a test holds it to that."""

from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from videolib.lib import env

BASE_DIR = Path(__file__).resolve().parent.parent

# Where everything is kept: database, media, uploads under way, scratch space, the embedded broker, the secret key.
VIDEOLIB_DATA = env.data_folder("VIDEOLIB_DATA", BASE_DIR / "data")
MEDIA_ROOT = VIDEOLIB_DATA / "media"
UPLOADS_ROOT = VIDEOLIB_DATA / "uploads"
SCRATCH_ROOT = VIDEOLIB_DATA / "scratch"
RUN_ROOT = VIDEOLIB_DATA / "run"
WEIGHTS_ROOT = BASE_DIR / "weights"

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY") or env.kept_secret(VIDEOLIB_DATA / "secret_key", lambda: token_urlsafe(50))

# --- Addresses ------------------------------------------------------------------------------------------------------

BIND_HOST, BIND_PORT = env.address("BIND", "127.0.0.1:8000")
# Every address of the machine is no address to visit; an IPv6 one is visited in brackets.
_is_every_address = BIND_HOST in ("0.0.0.0", "::")
_host = "localhost" if _is_every_address else BIND_HOST
_host = f"[{_host}]" if ":" in _host else _host
SITE_URL = env.url("SITE_URL", f"http://{_host}:{BIND_PORT}", ("http", "https")).geturl().rstrip("/")
_site = urlsplit(SITE_URL)
# By which of the machine's addresses people come, nobody knows then (checks.py says so).
SITE_URL_IS_A_GUESS = _is_every_address and not env.text("SITE_URL")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]", _site.hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]
# The front proxy says whether the visitor came over https, and from which address: the last one in X-Forwarded-For,
# which tries to sign in are counted by (allauth; nothing else counts by address). Only an https SITE_URL makes us
# believe it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _site.scheme == "https" else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _site.scheme == "https" else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _site.scheme == "https"
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Django ---------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "videolib",
    "transcode",
    "allauth",
    "allauth.account",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "videolib.lib.alive.answer_when_asked_for_health",
    "videolib.lib.json_log.FieldsOfRequest",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "videolib.api.errors.errors_in_json",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "videolib.lib.redirects.FittingRedirects",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "videolib.browse.errors.page_for_wrong_methods",
    "videolib.browse.errors.PageForTooOften",
]
ROOT_URLCONF = "videolib.urls"
WSGI_APPLICATION = "videolib.wsgi.application"
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
            ],
        },
    }
]
LANGUAGE_CODE = "en"
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CSRF_FAILURE_VIEW = "videolib.browse.errors.csrf_failure"

# --- Database: one of the four places that know which machine room this is ------------------------------------------


def _sqlite(file: str) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            # Immediate: a transaction that will write takes the write lock at its start and waits for it there,
            # instead of failing half way when a reader turns writer.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # Full: what people were told is written stays when the power goes. Costs less than a millisecond on an SSD.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;",
        },
        "TEST": {"NAME": None},
    }


def _postgres() -> dict[str, object]:
    parts = env.url("DATABASE_URL", "", ("postgres", "postgresql"))
    said = dict(parse_qsl(parts.query))
    if not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL names no database; end it in one, as in postgres://host/videolib.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        # connect_timeout: a server that is gone must not hold a page until the kernel gives up. random_page_cost: what
        # is read lies in memory or on an SSD; for a spinning disk, the server's own guess, lists read whole tables.
        # What DATABASE_URL says goes behind: the server heeds the last.
        "OPTIONS": {
            "connect_timeout": 5,
            **said,
            "options": f"-c random_page_cost=1.1 {said.get('options', '')}".rstrip(),
        },
        # A thread of the web server keeps its connection for a while; one that broke in between is replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _database(address: str) -> dict[str, object]:
    if address.startswith(("postgres://", "postgresql://")):
        return _postgres()
    if address and not address.startswith("sqlite:///"):
        raise ImproperlyConfigured(
            "DATABASE_URL names a database that videolib does not know; leave it empty, name a file as "
            "sqlite:////folder/library.sqlite3, or a server as postgres://person:password@host:5432/videolib."
        )
    return _sqlite(address.removeprefix("sqlite:///") or str(VIDEOLIB_DATA / "library.sqlite3"))


DATABASES = {"default": _database(env.text("DATABASE_URL"))}

# --- Files: disk or a bucket ----------------------------------------------------------------------------------------

S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT_URL = env.text("S3_ENDPOINT_URL")
# Where browsers find the bucket, to which they are led on for every byte. `none`: nowhere, all bytes come through us.
S3_PUBLIC_ENDPOINT_URL = env.text("S3_PUBLIC_ENDPOINT_URL", S3_ENDPOINT_URL)
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_ACCESS_KEY_ID = env.text("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = env.text("S3_SECRET_ACCESS_KEY")
if (S3_ENDPOINT_URL or S3_PUBLIC_ENDPOINT_URL or S3_ACCESS_KEY_ID or S3_SECRET_ACCESS_KEY) and not S3_BUCKET:
    raise ImproperlyConfigured("S3_BUCKET is empty though other S3 settings are set; name the bucket.")
if bool(S3_ACCESS_KEY_ID) != bool(S3_SECRET_ACCESS_KEY):
    raise ImproperlyConfigured("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together; set both or neither.")
_amazon = f"https://s3.{S3_REGION}.amazonaws.com"


def _endpoint(name: str) -> SplitResult:
    parts = env.url(name, S3_ENDPOINT_URL or _amazon, ("http", "https"))
    if "@" in parts.netloc:
        key = f"{name.partition('S3_')[0]}S3_ACCESS_KEY_ID"
        secret = key.replace("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
        raise ImproperlyConfigured(f"{name} holds a name or a password; leave them out, and set {key} and {secret}.")
    return parts


_inside = _endpoint("S3_ENDPOINT_URL")
_public = None if S3_PUBLIC_ENDPOINT_URL == "none" or not S3_BUCKET else _endpoint("S3_PUBLIC_ENDPOINT_URL")
if _public and (_site.scheme, _public.scheme) == ("https", "http"):
    raise ImproperlyConfigured(
        "SITE_URL is https, and no browser loads media over http then; set S3_PUBLIC_ENDPOINT_URL to an https address "
        "of the bucket, or to none, and media come through the library."
    )
# Amazon puts the bucket into the host, the others into the path.
_is_amazon = _amazon == _inside.geturl() and (_public is None or _amazon == _public.geturl())

# Where `s3://` places of backups are: another service than the library's, or the same one with another key.
BACKUP_S3_ENDPOINT_URL = env.text("BACKUP_S3_ENDPOINT_URL")
BACKUP_S3_REGION = env.text("BACKUP_S3_REGION", S3_REGION)
BACKUP_S3_ACCESS_KEY_ID = env.text("BACKUP_S3_ACCESS_KEY_ID")
BACKUP_S3_SECRET_ACCESS_KEY = env.text("BACKUP_S3_SECRET_ACCESS_KEY")
if bool(BACKUP_S3_ACCESS_KEY_ID) != bool(BACKUP_S3_SECRET_ACCESS_KEY):
    raise ImproperlyConfigured(
        "BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY belong together; set both or neither."
    )
_elsewhere = _endpoint("BACKUP_S3_ENDPOINT_URL") if BACKUP_S3_ENDPOINT_URL else _inside
if _elsewhere.geturl().rstrip("/") == _inside.geturl().rstrip("/"):
    BACKUP_S3_ENDPOINT_URL = S3_ENDPOINT_URL
elif S3_ACCESS_KEY_ID and not BACKUP_S3_ACCESS_KEY_ID:
    raise ImproperlyConfigured(
        "BACKUP_S3_ENDPOINT_URL is another service than the library's, which does not know its key; set "
        "BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY."
    )
if not BACKUP_S3_ACCESS_KEY_ID:
    BACKUP_S3_ACCESS_KEY_ID, BACKUP_S3_SECRET_ACCESS_KEY = S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY

# Behind nginx with deploy/nginx.conf: it sends the files of a disk, from a location that nobody else can ask for.
X_ACCEL = env.flag("X_ACCEL", default=False)

_bucket = {
    "BACKEND": "videolib.lib.bucket.BucketStorage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "endpoint_url": S3_ENDPOINT_URL or None,
        "public_endpoint_url": _public.geturl() if _public else "",
        "region_name": S3_REGION,
        "access_key": S3_ACCESS_KEY_ID or None,
        "secret_key": S3_SECRET_ACCESS_KEY or None,
        "addressing_style": "virtual" if _is_amazon else "path",
        "default_acl": None,
        "querystring_auth": True,
        "file_overwrite": True,
    },
}
_disk = {
    "BACKEND": "videolib.lib.storage.DiskStorage",
    "OPTIONS": {
        "location": str(MEDIA_ROOT),
        "base_url": None,
        "file_permissions_mode": 0o640,
        "nginx_location": "/_media/" if X_ACCEL else "",
    },
}
STORAGES = {
    "default": _bucket if S3_BUCKET else _disk,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# The web process counts bytes of forms, never of uploads: those are streamed by uploads/views.py.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Any form's address can be sent files, by anybody: what is larger than a small one is dropped as it arrives, not kept
# on the disk. The one form that takes recordings names its own handler (uploads/pages.py).
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- What pages may load --------------------------------------------------------------------------------------------


def _storage_origins() -> list[str]:
    """Where a browser finds the bucket: at the public endpoint, or at Amazon's host for it."""
    if not _public:
        return []
    if _is_amazon:
        # Amazon's certificate holds for no bucket with a dot in its name: boto3 puts it into the path then, and so do
        # we, because the host alone is that of everybody's buckets.
        host = _public.hostname
        return [f"https://{host}/{S3_BUCKET}/" if "." in S3_BUCKET else f"https://{S3_BUCKET}.{host}"]
    host = f"[{_public.hostname}]" if ":" in str(_public.hostname) else _public.hostname
    return [f"{_public.scheme}://{host}:{_public.port}" if _public.port else f"{_public.scheme}://{host}"]


_storage = _storage_origins()
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", *_storage],
        "connect-src": ["'self'", *_storage],
        "media-src": ["'self'", "blob:", *_storage],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- People ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "videolib.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SIGNUP_DOMAINS = frozenset(domain.lower().lstrip("@") for domain in env.words("SIGNUP_DOMAINS"))
EMAIL_FROM = env.text("EMAIL_FROM", f"videolib@{_site.hostname}")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
_smtp = env.url("SMTP_URL", "", ("smtp", "smtps", "smtp+tls")) if env.text("SMTP_URL") else None
HAS_SMTP = _smtp is not None
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if HAS_SMTP else 'dummy'}.EmailBackend"
if _smtp:
    EMAIL_HOST = _smtp.hostname or "localhost"
    EMAIL_PORT = _smtp.port or {"smtp": 25, "smtps": 465, "smtp+tls": 587}[_smtp.scheme]
    EMAIL_HOST_USER = _smtp.username or ""
    EMAIL_HOST_PASSWORD = _smtp.password or ""
    EMAIL_USE_SSL = _smtp.scheme == "smtps"
    EMAIL_USE_TLS = _smtp.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 20

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "videolib.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "videolib.accounts.forms.SignupForm"}
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if HAS_SMTP else "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True

# --- Work in the background -----------------------------------------------------------------------------------------

# The embedded broker writes its address here when it starts, so that two libraries on one machine never share one.
BROKER_FILE = RUN_ROOT / "broker.url"

EMBEDDED_BROKER = not env.text("BROKER_URL")


def _broker_url() -> str:
    if not EMBEDDED_BROKER:
        return env.url("BROKER_URL", "", ("redis", "rediss", "amqp", "amqps", "sentinel")).geturl()
    return BROKER_FILE.read_text().strip() if BROKER_FILE.is_file() else ""


BROKER_URL = _broker_url()
# With no broker the rows still stand, and the sweeper or `import_clips --wait` does the work.
CELERY_BROKER_URL = BROKER_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Together: a worker has as many messages as it has processes, each kept until its work is done. Messages taken ahead
# would wait for an hour behind a long job while other workers are idle. What a killed process had comes again at once.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_CREATE_MISSING_QUEUES = True
# Nothing goes to Celery's default queue: a task without a queue of its own is a mistake, and waits here unseen.
CELERY_TASK_DEFAULT_QUEUE = "nobody"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # What a worker that was killed outright held comes back after so long, and to a minute more; it matters to messages
    # that stand in no row, as that the vocabulary changed. A nudge for a job that takes longer comes twice, and finds
    # the job taken.
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    # For workers; whoever only sends waits for SILENCE (videolib/celery.py).
    "socket_timeout": 30,
    # A nudge that finds no broker is given up at once: the sweeper sends it again. Workers wait for one regardless.
    "max_retries": 0,
    "priority_steps": [0, 3, 6, 9],
    "queue_order_strategy": "priority",
}
CELERY_TIMEZONE = TIME_ZONE

MEDIA_WORKERS = env.whole("MEDIA_WORKERS", 2, least=1, most=64)
SPEECH_WORKERS = env.whole("SPEECH_WORKERS", 1, least=1, most=64)
SCREEN_WORKERS = env.whole("SCREEN_WORKERS", 1, least=1, most=64)
LEASE_SECONDS = env.whole("LEASE_SECONDS", 120, least=5, most=3600)
SWEEP_SECONDS = env.whole("SWEEP_SECONDS", 30, least=1, most=3600)
RETRY_SECONDS = env.whole("RETRY_SECONDS", 10, least=1, most=3600)
JOB_ATTEMPTS = env.whole("JOB_ATTEMPTS", 3, least=1, most=20)
CELERY_BEAT_SCHEDULE = {
    "send lost jobs again": {
        "task": "transcode.sweep_jobs",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "light", "expires": SWEEP_SECONDS},
    },
    "remove abandoned uploads": {
        "task": "uploads.remove_expired",
        "schedule": 3600,
        "options": {"queue": "light", "expires": 3600},
    },
    "mail what failed": {
        "task": "clips.mail_failures",
        "schedule": 900,
        "options": {"queue": "light", "expires": 900},
    },
    "work out what sentences mean": {
        "task": "search.make_missing_meanings",
        "schedule": 60,
        "options": {"queue": "light", "expires": 60},
    },
    "empty the trash": {
        "task": "clips.empty_trash",
        "schedule": 3600,
        "options": {"queue": "light", "expires": 3600},
    },
    "forget old searches": {
        "task": "analytics.forget_old_searches",
        "schedule": crontab(minute=10, hour=3),
        "options": {"queue": "light", "expires": 24 * 3600},
    },
    # Minutes, where there are many files: in the night before Monday, when least waits behind it.
    "check the library": {
        "task": "operations.check_library",
        "schedule": crontab(minute=30, hour=3, day_of_week=1),
        "options": {"queue": "light", "expires": 24 * 3600},
    },
}

# --- Media and speech -----------------------------------------------------------------------------------------------

AV1_RENDITION = env.flag("AV1_RENDITION", default=False)
# Frames to read are kept only where somebody reads them.
SCREEN_ENGINE = env.choice("SCREEN_ENGINE", "rapidocr", ("rapidocr", "tesseract", "none"))
SPEECH_ENGINE = env.choice("SPEECH_ENGINE", "faster_whisper", ("faster_whisper", "openai_whisper", "none"))
WHISPER_MODEL = env.text("WHISPER_MODEL", "base")
# What sentences mean, for search; without, it goes by words alone.
SEARCH_MEANING = env.choice("SEARCH_MEANING", "minilm", ("minilm", "none"))
SEARCH_WEIGHTS = Path(env.text("SEARCH_WEIGHTS", str(WEIGHTS_ROOT / "minilm"))).expanduser().resolve()
UPLOAD_EXPIRES_HOURS = env.whole("UPLOAD_EXPIRES_HOURS", 48, least=1, most=24 * 366)
TRASH_DAYS = env.whole("TRASH_DAYS", 30, least=1, most=3660)

# --- How often ------------------------------------------------------------------------------------------------------

# Where limits are counted, sign-in's included: by all web servers together where the broker speaks Redis' protocol.
CACHES = {
    "default": {
        "BACKEND": "videolib.lib.shared_cache.SharedCache",
        "LOCATION": BROKER_URL,
        "KEY_PREFIX": "videolib",
    }
    if BROKER_URL.startswith(("redis://", "rediss://"))
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
# A person, and 0 is no limit. A folder of hundreds of clips goes through; a script that went wild does not.
UPLOADS_PER_HOUR = env.whole("UPLOADS_PER_HOUR", 1000, least=0)
# Whoever types without a pause sends five a second.
SEARCHES_PER_MINUTE = env.whole("SEARCHES_PER_MINUTE", 300, least=0)

# --- Watching it ----------------------------------------------------------------------------------------------------

# For programs that watch the library from elsewhere; those nearby need none (operations/access.py).
METRICS_TOKEN = env.secret("METRICS_TOKEN", least=16)

# --- Logs -----------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%H:%M:%S"},
        "json": {"()": "videolib.lib.json_log.JsonLine"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # A traceback for every visitor by a wrong address; browse/errors.py says it in a line.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "kombu": {"level": "ERROR"},
        "celery.redirected": {"level": "WARNING"},
        "faster_whisper": {"level": "WARNING"},
    },
}
