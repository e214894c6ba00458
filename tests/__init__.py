"""Tests, laid out like the code they are about."""

# What somebody may have set for their own library, and no test may see.
SETTINGS_OF_THE_SHELL = (
    "VIDEOLIB_DATA",
    "BIND",
    "SITE_URL",
    "ALLOWED_HOSTS",
    "SECRET_KEY",
    "DATABASE_URL",
    "BROKER_URL",
    "S3_BUCKET",
    "S3_ENDPOINT_URL",
    "S3_PUBLIC_ENDPOINT_URL",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "BACKUP_S3_ENDPOINT_URL",
    "BACKUP_S3_REGION",
    "BACKUP_S3_ACCESS_KEY_ID",
    "BACKUP_S3_SECRET_ACCESS_KEY",
    "X_ACCEL",
    "SMTP_URL",
    "SIGNUP_DOMAINS",
    "SPEECH_ENGINE",
    "WHISPER_MODEL",
    "METRICS_TOKEN",
    "LOG_FORMAT",
)
