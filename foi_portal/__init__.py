"""FOI-portalen: the project package. The Celery app is loaded with Django so that tasks find it."""

from foi_portal.celery import app as celery_app

__all__ = ["celery_app"]
