from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "foi_portal.pages"
    label = "pages"
    verbose_name = "Tværgående sider"

    def ready(self) -> None:
        import foi_portal.checks  # noqa: F401 - registers the system checks
