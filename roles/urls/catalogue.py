"""/roller/: the catalogue, its editions and requirements."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from registry.urls import pages
from roles.views import catalogue, editions, requirements

edition_urls = [
    path("", editions.EditionList.as_view(), name="edition-list"),
    path("ny/", editions.EditionCreate.as_view(), name="edition-create"),
    path("<int:pk>/", editions.EditionDetail.as_view(), name="edition-detail"),
    path("<int:pk>/tag-i-brug/", editions.EditionUse.as_view(), name="edition-use"),
    path("<int:pk>/arkiver/", editions.EditionArchive.as_view(), name="edition-archive"),
    path("<int:pk>/gendan/", editions.EditionRestore.as_view(), name="edition-restore"),
    path("<int:pk>/historik/", editions.EditionHistory.as_view(), name="edition-history"),
]
requirement_urls = [
    path("", requirements.RequirementList.as_view(), name="requirement-list"),
    path("<int:pk>/ret/", requirements.RequirementUpdate.as_view(), name="requirement-update"),
    path("<int:pk>/arkiver/", requirements.RequirementArchive.as_view(), name="requirement-archive"),
    path("<int:pk>/gendan/", requirements.RequirementRestore.as_view(), name="requirement-restore"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("roller/udgaver/", include(edition_urls)),
    path("roller/krav/", include(requirement_urls)),
    path("roller/<code:code>/krav/ny/", requirements.RequirementCreate.as_view(), name="requirement-create"),
    path(
        "roller/",
        include(
            pages(
                "role",
                "<code:code>",
                list=catalogue.RoleList,
                create=catalogue.RoleCreate,
                detail=catalogue.RoleDetail,
                update=catalogue.RoleUpdate,
                archive=catalogue.RoleArchive,
                restore=catalogue.RoleRestore,
                history=catalogue.RoleHistory,
            )
        ),
    ),
]
