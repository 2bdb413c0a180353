from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    label = "registry"
    verbose_name = "Register"

    def ready(self) -> None:
        from registry import tasks  # models must be there first
        from registry.agreements import due, panels, search

        tasks.register()
        due.register()
        panels.register()
        search.register()
