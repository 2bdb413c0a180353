"""WSGI entry point, served by gunicorn behind a proxy."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "foi_portal.settings")

application = get_wsgi_application()
