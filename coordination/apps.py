from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    label = "coordination"
    verbose_name = "Koordinering"

    def ready(self) -> None:
        # models must be there first
        from coordination import calendar_memory, caretaker_panels, merging, panels, reminding
        from coordination.hygiene import due, running
        from coordination.hygiene import panels as hygiene_panels

        for part in (
            calendar_memory,
            caretaker_panels,
            merging,
            panels,
            reminding,
            running,
            hygiene_panels,
            due,
        ):
            part.register()
