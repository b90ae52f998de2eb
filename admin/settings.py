"""Django settings. Everything a deployment changes comes from the environment:

TIERLINE_HOME, DATABASE_URL, REDIS_URL, TIERLINE_SECRET_KEY, TIERLINE_SECRET_KEY_FALLBACKS, TIERLINE_KEYS,
TIERLINE_HOSTS, TIERLINE_ORIGINS, TIERLINE_TIME_ZONE, TIERLINE_SMTP_HOST / _PORT / _USER / _PASSWORD / _TLS,
TIERLINE_MAIL_FROM, TIERLINE_DAILY_AT, TIERLINE_MICRO_BATCH_MINUTES, TIERLINE_URL, TIERLINE_WEBHOOK_NETWORKS.
"""

from __future__ import annotations

import os
from datetime import time
from ipaddress import ip_network

from admin import database, home

HOME = home.prepare()

#: Secrets that were in use before: what they signed, such as links in mails, still opens.
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("TIERLINE_SECRET_KEY_FALLBACKS", "").split(",") if key]
SECRET_KEY = os.environ.get("TIERLINE_SECRET_KEY") or home.secret("secret.key")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("TIERLINE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("TIERLINE_ORIGINS", "").split(",") if origin]
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "admin.views.errors.form_expired"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("TIERLINE_URL", "").startswith("https://")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SESSION_COOKIE_SECURE else 0
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "sync.apps.SyncConfig",
    "admin.apps.ConsoleConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "admin.streaming.Streaming",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "admin.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

ROOT_URLCONF = "admin.urls"
ASGI_APPLICATION = "admin.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "admin.views.surroundings.surroundings",
            ]
        },
    }
]

DATABASES = {"default": database.settings(os.environ.get("DATABASE_URL", ""), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = os.environ.get("TIERLINE_TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "runs"
LOGOUT_REDIRECT_URL = "login"

EMAIL_HOST = os.environ.get("TIERLINE_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("TIERLINE_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("TIERLINE_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("TIERLINE_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("TIERLINE_SMTP_TLS", "") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("TIERLINE_MAIL_FROM", "Tierline <tierline@localhost>")

#: Fernet keys for credentials, newest first; older ones still decrypt. Default: one kept in the home folder.
VAULT_KEYS = [key for key in os.environ.get("TIERLINE_KEYS", "").split(",") if key] or [home.fernet_key()]

#: Where people reach the console; used in mails and tasks.
TIERLINE_URL = os.environ.get("TIERLINE_URL", "http://localhost:8000").rstrip("/")
#: Networks that are not public, and that messages may go to all the same, e.g. 10.1.0.0/16.
WEBHOOK_NETWORKS = [
    ip_network(each.strip()) for each in os.environ.get("TIERLINE_WEBHOOK_NETWORKS", "").split(",") if each.strip()
]
#: Unset: `tierline up` and `tierline demo` start a private Redis; other commands find its address in the home folder.
REDIS_URL = os.environ.get("REDIS_URL") or home.queue_address()

_daily = os.environ.get("TIERLINE_DAILY_AT", "")
#: Local time at which the scheduler starts each portfolio's daily run, e.g. 02:00; unset: no daily run.
DAILY_AT = time.fromisoformat(_daily) if _daily else None
#: Minutes between two micro-batches while accounts wait for one.
MICRO_BATCH_MINUTES = float(os.environ.get("TIERLINE_MICRO_BATCH_MINUTES", "5"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"links": {"()": "admin.log_filter.WithoutLinks"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"sync": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
