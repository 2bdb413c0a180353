from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "foi_portal.pages"
    label = "pages"
    verbose_name = "Tværgående sider"
