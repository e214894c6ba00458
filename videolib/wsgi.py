"""The web application. WSGI, not ASGI: uploads are streamed to disk as their bytes arrive (docs/decisions.md)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videolib.settings")

application = get_wsgi_application()
