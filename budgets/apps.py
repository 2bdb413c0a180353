from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "budgets"
    label = "budgets"
    verbose_name = "Budget"

    def ready(self) -> None:
        from budgets import importing, panels, search  # models must be there first

        importing.register()
        panels.register()
        search.register()
