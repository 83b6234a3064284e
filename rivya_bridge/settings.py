"""All settings, readable downward. They work with no environment at all and refuse nonsense."""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from rivya_bridge import broker, env, secret_key
from rivya_bridge.rivya import check_access

PROJECT_DIR = Path(__file__).resolve().parent.parent

# Where things are -----------------------------------------------------------------------------

BRIDGE_DATA_DIR = env.folder("BRIDGE_DATA_DIR", PROJECT_DIR / "var")
BRIDGE_HOST = env.text("BRIDGE_HOST", "127.0.0.1")
BRIDGE_PORT = env.port("BRIDGE_PORT", 8000)
BRIDGE_PUBLIC_URL = env.http_url("BRIDGE_PUBLIC_URL")
SANDBOX_PORT = env.port("SANDBOX_PORT", 8001)

# Webhooks come in by a door of their own, behind which there is nothing else.
BRIDGE_WEBHOOK_HOST = env.text("BRIDGE_WEBHOOK_HOST", "127.0.0.1")
BRIDGE_WEBHOOK_PORT = env.port("BRIDGE_WEBHOOK_PORT", 8002)
BRIDGE_WEBHOOK_URL = env.http_url("BRIDGE_WEBHOOK_URL")

if not env.is_loopback(BRIDGE_HOST) and not BRIDGE_PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured(
        f"BRIDGE_HOST is {BRIDGE_HOST!r}, which other machines can reach: set BRIDGE_PUBLIC_URL to "
        "the https address of the proxy in front, or use BRIDGE_HOST=127.0.0.1."
    )
if BRIDGE_PORT == SANDBOX_PORT:
    raise ImproperlyConfigured(
        f"BRIDGE_PORT and SANDBOX_PORT are both {BRIDGE_PORT}: give them different ports."
    )

if BRIDGE_WEBHOOK_PORT in (BRIDGE_PORT, SANDBOX_PORT):
    raise ImproperlyConfigured(
        f"BRIDGE_WEBHOOK_PORT is {BRIDGE_WEBHOOK_PORT}, which BRIDGE_PORT or SANDBOX_PORT has too: "
        "give them different ports."
    )

_url_host = f"[{BRIDGE_HOST}]" if ":" in BRIDGE_HOST else BRIDGE_HOST
# Where this machine reaches the product itself, and where everybody does.
BRIDGE_LOCAL_URL = f"http://{_url_host}:{BRIDGE_PORT}"
BRIDGE_URL = BRIDGE_PUBLIC_URL or BRIDGE_LOCAL_URL

# Rivya ----------------------------------------------------------------------------------------

RIVYA_API_KEY = env.text("RIVYA_API_KEY")
USES_SANDBOX = not RIVYA_API_KEY
RIVYA_BASE_URL = env.http_url("RIVYA_BASE_URL", "" if USES_SANDBOX else "https://rivya.ai")
if USES_SANDBOX and RIVYA_BASE_URL:
    raise ImproperlyConfigured(
        "RIVYA_BASE_URL is set but RIVYA_API_KEY is not: set the key too, or neither to use the "
        "sandbox."
    )
if not USES_SANDBOX:
    try:
        # The origin: with and without /api/v1 it is the same account.
        RIVYA_BASE_URL = check_access(RIVYA_BASE_URL, RIVYA_API_KEY)
    except ValueError as error:
        _sentence = str(error).replace("base_url", "RIVYA_BASE_URL", 1)
        raise ImproperlyConfigured(_sentence.replace("api_key", "RIVYA_API_KEY", 1)) from error
if USES_SANDBOX:
    # The sandbox's own key with all scopes; it opens nothing but the sandbox on this machine.
    RIVYA_BASE_URL = f"http://127.0.0.1:{SANDBOX_PORT}"
    RIVYA_API_KEY = "rvya_sk_sandbox_full"

# How many tasks may be at Rivya at once, and how often a second the running ones may be asked for.
RIVYA_IN_FLIGHT = env.number("RIVYA_IN_FLIGHT", 8, lowest=1, highest=1000)
RIVYA_READS_PER_SECOND = env.number("RIVYA_READS_PER_SECOND", 4, lowest=1, highest=50)
# What happened may be told to addresses of this machine and its networks too, and by e-mail.
BRIDGE_LOCAL_WEBHOOKS = env.flag("BRIDGE_LOCAL_WEBHOOKS")
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = (
    env.mail_server("BRIDGE_SMTP_URL")
)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("BRIDGE_MAIL_FROM")
if bool(EMAIL_HOST) != bool(DEFAULT_FROM_EMAIL):
    raise ImproperlyConfigured(
        "BRIDGE_SMTP_URL and BRIDGE_MAIL_FROM belong together: set both, or neither."
    )
# Keys entered on the Connection page are encrypted under this text, or under a file made for it.
BRIDGE_ENCRYPTION_KEY = env.text("BRIDGE_ENCRYPTION_KEY")
if BRIDGE_ENCRYPTION_KEY and len(BRIDGE_ENCRYPTION_KEY) < 32:
    raise ImproperlyConfigured(
        "BRIDGE_ENCRYPTION_KEY is too short: give a random text of at least 32 characters, or leave "
        "it out and a key file is made in the data folder."
    )
CONNECTION_KEY_FILE = BRIDGE_DATA_DIR / "connection.key"

# Files ----------------------------------------------------------------------------------------

FILES_DIR = BRIDGE_DATA_DIR / "files"
UPLOAD_MAX_BYTES = 100 * 1024 * 1024
DOWNLOAD_MAX_BYTES = 512 * 1024 * 1024
# So much of the disk is left free by downloads: the database has to go on writing.
DISK_RESERVE_BYTES = 100 * 1024 * 1024
# Files that wait to be imported: a table or ZIP of runs, or a whole experiment.
IMPORTS_DIR = BRIDGE_DATA_DIR / "imports"
IMPORT_MAX_BYTES = 1024 * 1024 * 1024
# So long a page is waited for; what is not done by then goes on in a worker.
IMPORT_AT_ONCE_SECONDS = 2.0
# No form with its files is larger, so that none is read in vain.
REQUEST_MAX_BYTES = IMPORT_MAX_BYTES + 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

# Waiting for Rivya ----------------------------------------------------------------------------

# One wait for the next bytes of an answer; after it the answer counts as lost.
ANSWER_SECONDS = 30.0
# A streamed answer ends after so many seconds in all, without a byte, and without an event (comments that
# keep the line open are none). What had arrived is kept.
CHAT_STREAM_SECONDS = 600.0
CHAT_IDLE_SECONDS = 60.0
CHAT_STALL_SECONDS = 180.0

# Django ---------------------------------------------------------------------------------------

SECRET_KEY = secret_key.read_or_make(BRIDGE_DATA_DIR / "secret.key")
DEBUG = False
ALLOWED_HOSTS = ["*"]  # web.hosts.ExactHostMiddleware checks host and port on every path.
ROOT_URLCONF = "rivya_bridge.urls"
WSGI_APPLICATION = "rivya_bridge.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "rivya_bridge.web",
    "rivya_bridge.access",
    "rivya_bridge.connection",
    "rivya_bridge.files",
    "rivya_bridge.catalog",
    "rivya_bridge.credits",
    "rivya_bridge.tasks",
    "rivya_bridge.webhooks",
    "rivya_bridge.experiments",
    "rivya_bridge.sweeps",
    "rivya_bridge.comparison",
    "rivya_bridge.automation",
    "rivya_bridge.notices",
    "rivya_bridge.promotion",
    "rivya_bridge.rehearsal",
    "rivya_bridge.sharing",
    "rivya_bridge.dashboard",
]

MIDDLEWARE = [
    "rivya_bridge.web.hosts.ExactHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "rivya_bridge.access.middleware.SignInMiddleware",
    "rivya_bridge.web.uploads.RequestSizeMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "rivya_bridge.web.errors.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "rivya_bridge.access.context.sign_in",
                "rivya_bridge.dashboard.context.connection",
                "rivya_bridge.comparison.context.tray",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["rivya_bridge.web.templatetags.bridge"],
            # Under the package's own name: the same tag, each icon drawn once.
            "libraries": {"lucide": "rivya_bridge.web.templatetags.icons"},
        },
    }
]

DATABASES = {"default": env.database("DATABASE_URL", BRIDGE_DATA_DIR / "bridge.sqlite3")}

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Static files: collected into the data folder at start, served by WhiteNoise.
STATIC_URL = "/static/"
STATIC_ROOT = BRIDGE_DATA_DIR / "static"
STATICFILES_DIRS = [PROJECT_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Security -------------------------------------------------------------------------------------

# Cookies are shared by all ports of a host, so that each installation has names of its own.
_install = secret_key.install_id(SECRET_KEY)
SESSION_COOKIE_NAME = f"bridge_session_{_install}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BRIDGE_URL.startswith("https://")
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
CSRF_USE_SESSIONS = True
CSRF_TRUSTED_ORIGINS = [BRIDGE_PUBLIC_URL] if BRIDGE_PUBLIC_URL else []
CSRF_FAILURE_VIEW = "rivya_bridge.web.errors.csrf_failed"
# With "no-referrer" browsers send "Origin: null" along with forms, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE, "'strict-dynamic'"],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "blob:", "data:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Celery: a doorbell. The database rows are the queue. --------------------------------------------

broker.register()
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
SCALED_OUT = bool(CELERY_BROKER_URL)
if not SCALED_OUT:
    CELERY_BROKER_URL = broker.url_for(BRIDGE_DATA_DIR / "broker.sqlite3")
elif CELERY_BROKER_URL.split(":", 1)[0] not in {"redis", "rediss", "amqp", "amqps", "pyamqp"}:
    raise ImproperlyConfigured(
        "CELERY_BROKER_URL names neither Redis nor RabbitMQ: give redis://host:6379/0 or "
        "amqp://user:password@host:5672//."
    )
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {} if SCALED_OUT else {"visibility_timeout": 300}
# A page never waits for a broker: an unreachable doorbell is skipped and the sweep finds the row.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"

# The sweep looks for due rows this often: the embedded worker's own thread, or every worker as a
# safety net beside `celery beat` when scaled out.
SWEEP_SECONDS = 30 if SCALED_OUT else 2
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "rivya_bridge.tasks.background.sweep_tasks", "schedule": 5.0}
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
    },
}
