"""The portal's addresses and a bare admin beside them, for the benchmark only."""

from typing import ClassVar

from django.contrib import admin
from django.urls import include, path

from registry.models import Dependency, System


class BareSystems(admin.ModelAdmin[System]):
    """What Django gives for nothing: the same columns as the portal's list, apart from its counts."""

    list_display = ("name", "code", "department", "provider", "criticality", "personal_data", "lifecycle")
    search_fields = ("code", "name", "aliases", "description", "provider__name", "dependencies__purpose")
    list_per_page = 25


class BareDependencies(admin.ModelAdmin[Dependency]):
    list_display = ("source", "target", "direction", "purpose", "importance", "status", "since")
    search_fields: ClassVar = ("purpose",)
    list_per_page = 25


class BareSystems100(BareSystems):
    list_per_page = 100


site = admin.AdminSite(name="bench")
site.register(System, BareSystems)
site.register(Dependency, BareDependencies)
site_100 = admin.AdminSite(name="bench-100")
site_100.register(System, BareSystems100)

urlpatterns = [
    path("bench-admin/", site.urls),
    path("bench-admin-100/", site_100.urls),
    path("", include("foi_portal.urls")),
]
