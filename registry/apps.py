from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    label = "registry"
    verbose_name = "Register"

    def ready(self) -> None:
        from registry import agreements, certificates, lifecycle_due, tasks  # models must be there first

        tasks.register()
        agreements.register()
        certificates.register()
        lifecycle_due.register_source()
