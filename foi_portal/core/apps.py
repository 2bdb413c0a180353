"""The bottom floor. Importing it teaches SQLite Danish and keeps the history's triggers in place."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "foi_portal.core"
    label = "core"
    verbose_name = "Brugere og historik"

    def ready(self) -> None:
        from foi_portal.core import danish, history

        danish.connect()
        history.connect()
