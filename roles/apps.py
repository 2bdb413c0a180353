from django.apps import AppConfig


class RolesConfig(AppConfig):
    name = "roles"
    label = "roles"
    verbose_name = "Roller"

    def ready(self) -> None:
        from roles import due, importing, panels, search  # models must be there first

        panels.register()
        search.register()
        importing.register()
        due.register_sources()
