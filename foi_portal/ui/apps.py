from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "foi_portal.ui"
    label = "ui"
    verbose_name = "Skærmbilleder"
