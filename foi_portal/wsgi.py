"""WSGI entry point, served by gunicorn behind a proxy."""

import logging
import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "foi_portal.settings")
django.setup(set_prefix=False)

from foi_portal.core.middleware import unreadable  # noqa: E402 - needs the settings

logger = logging.getLogger(__name__)


class Handler(WSGIHandler):
    """Django's own, but 400 where the headers are such that not even a request can be made of them."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        try:
            return super().__call__(environ, start_response)
        except (LookupError, ValueError):  # what fails later is answered further in
            logger.warning("Unreadable headers", exc_info=True)
            response = unreadable()
            start_response("400 Bad Request", list(response.items()))
            return [response.content]


application = Handler()
