from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    label = "coordination"
    verbose_name = "Koordinering"

    def ready(self) -> None:
        from coordination import caretaker_panels, panels, reminding  # models must be there first
        from coordination.hygiene import running as hygiene

        caretaker_panels.register()
        panels.register()
        reminding.register()
        hygiene.register()
