"""The bottom floor. Importing it teaches SQLite Danish and keeps the history's triggers in place."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "foi_portal.core"
    label = "core"
    verbose_name = "Brugere og historik"

    def ready(self) -> None:
        from foi_portal.core import danish, history, tasks

        danish.connect()
        history.connect()
        tasks.register()
        post_migrate.connect(_sync_groups, dispatch_uid="core.sync_groups")


def _sync_groups(sender: AppConfig, **kwargs: Any) -> None:
    """Give the groups their permissions once the last app has made its own, after every migration."""
    if sender is [app for app in apps.get_app_configs() if app.models_module is not None][-1]:
        from foi_portal.core.permissions import sync_groups

        sync_groups()
