from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "budgets"
    label = "budgets"
    verbose_name = "Budget"
