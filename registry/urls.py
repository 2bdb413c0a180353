"""Addresses of the registry. They are links people save: keep them (DESIGN §4)."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from registry.views import (
    agreement_coverage,
    agreement_impact,
    agreement_steps,
    agreements,
    alternatives,
    bulk,
    certificates,
    changes,
    components,
    dates,
    dependencies,
    findings,
    impact,
    impact_pdf,
    importing,
    landscape,
    lookup,
    organisations,
    pictures,
    snapshots,
    systems,
)


class CodeConverter(StringConverter):
    """A code in an address. NUL is in no code, and PostgreSQL cannot even be asked for it."""

    regex = r"[^/\x00]+"


register_converter(CodeConverter, "code")


def pages(name: str, key: str, **views: Any) -> list[URLPattern]:
    """The seven pages every noun has; ``key`` is the part of the address that names one row."""
    return [
        path("", views["list"].as_view(), name=f"{name}-list"),
        path("ny/", views["create"].as_view(), name=f"{name}-create"),
        path(f"{key}/", views["detail"].as_view(), name=f"{name}-detail"),
        path(f"{key}/ret/", views["update"].as_view(), name=f"{name}-update"),
        path(f"{key}/arkiver/", views["archive"].as_view(), name=f"{name}-archive"),
        path(f"{key}/gendan/", views["restore"].as_view(), name=f"{name}-restore"),
        path(f"{key}/historik/", views["history"].as_view(), name=f"{name}-history"),
    ]


component_urls = [
    path("masseret/", bulk.ComponentBulk.as_view(), name="component-bulk"),  # no code is in lower case
    *pages(
        "component",
        "<code:code>",
        list=components.ComponentList,
        create=components.ComponentCreate,
        detail=components.ComponentDetail,
        update=components.ComponentUpdate,
        archive=components.ComponentArchive,
        restore=components.ComponentRestore,
        history=components.ComponentHistory,
    ),
    path(
        "<code:code>/afhaengigheder/",
        dependencies.ComponentDependencies.as_view(),
        name="component-dependencies",
    ),
    path(
        "<code:code>/alternativer/",
        alternatives.ComponentAlternatives.as_view(),
        name="component-alternatives",
    ),
    path("<code:code>/billede.svg", pictures.asset_picture, name="component-picture"),
    path("<code:code>/paa-dato/", dates.ComponentOnDate.as_view(), name="component-on-date"),
]

system_urls = [
    path("masseret/", bulk.SystemBulk.as_view(), name="system-bulk"),  # no code is in lower case
    *pages(
        "system",
        "<code:code>",
        list=systems.SystemList,
        create=systems.SystemCreate,
        detail=systems.SystemDetail,
        update=systems.SystemUpdate,
        archive=systems.SystemArchive,
        restore=systems.SystemRestore,
        history=systems.SystemHistory,
    ),
    path(
        "<code:code>/afhaengigheder/", dependencies.SystemDependencies.as_view(), name="system-dependencies"
    ),
    path("<code:code>/alternativer/", alternatives.SystemAlternatives.as_view(), name="system-alternatives"),
    path("<code:code>/billede.svg", pictures.asset_picture, name="system-picture"),
    path("<code:code>/paa-dato/", dates.SystemOnDate.as_view(), name="system-on-date"),
]

organisation_urls = pages(
    "organisation",
    "<code:code>",
    list=organisations.OrganisationList,
    create=organisations.OrganisationCreate,
    detail=organisations.OrganisationDetail,
    update=organisations.OrganisationUpdate,
    archive=organisations.OrganisationArchive,
    restore=organisations.OrganisationRestore,
    history=organisations.OrganisationHistory,
)

dependency_urls = [
    path("masseret/", bulk.DependencyBulk.as_view(), name="dependency-bulk"),
    *pages(
        "dependency",
        "<int:pk>",
        list=dependencies.DependencyList,
        create=dependencies.DependencyCreate,
        detail=dependencies.DependencyDetail,
        update=dependencies.DependencyUpdate,
        archive=dependencies.DependencyArchive,
        restore=dependencies.DependencyRestore,
        history=dependencies.DependencyHistory,
    ),
]

snapshot_urls = pages(
    "snapshot",
    "<int:pk>",
    list=snapshots.SnapshotList,
    create=snapshots.SnapshotCreate,
    detail=snapshots.SnapshotDetail,
    update=snapshots.SnapshotUpdate,
    archive=snapshots.SnapshotArchive,
    restore=snapshots.SnapshotRestore,
    history=snapshots.SnapshotHistory,
)

agreement_urls = [
    *pages(
        "agreement",
        "<int:pk>",
        list=agreements.AgreementList,
        create=agreements.AgreementCreate,
        detail=agreements.AgreementDetail,
        update=agreements.AgreementUpdate,
        archive=agreements.AgreementArchive,
        restore=agreements.AgreementRestore,
        history=agreements.AgreementHistory,
    ),
    path("<int:pk>/daekning/", agreement_coverage.AgreementCoverage.as_view(), name="agreement-coverage"),
    path("<int:pk>/godkend/", agreement_steps.AgreementApprove.as_view(), name="agreement-approve"),
    path("<int:pk>/afvis/", agreement_steps.AgreementReject.as_view(), name="agreement-reject"),
    path("<int:pk>/anmod/", agreement_steps.AgreementRequest.as_view(), name="agreement-request"),
    path("<int:pk>/i-kraft/", agreement_steps.AgreementActivate.as_view(), name="agreement-activate"),
    path("<int:pk>/opsig/", agreement_steps.AgreementTerminate.as_view(), name="agreement-terminate"),
    path(
        "<int:pk>/fortryd-opsigelse/", agreement_steps.AgreementTakeBack.as_view(), name="agreement-take-back"
    ),
    path("<int:pk>/set-efter/", agreement_steps.AgreementReview.as_view(), name="agreement-review"),
    path("<int:pk>/forlaeng/", agreement_steps.AgreementExtend.as_view(), name="agreement-extend"),
]

certificate_urls = [
    *pages(
        "certificate",
        "<int:pk>",
        list=certificates.CertificateList,
        create=certificates.CertificateCreate,
        detail=certificates.CertificateDetail,
        update=certificates.CertificateUpdate,
        archive=certificates.CertificateArchive,
        restore=certificates.CertificateRestore,
        history=certificates.CertificateHistory,
    ),
    path("<int:pk>/forny/", certificates.CertificateRenew.as_view(), name="certificate-renew"),
    path("<int:pk>/spaer/", certificates.CertificateRevoke.as_view(), name="certificate-revoke"),
    path("<int:pk>/certifikat.pem", certificates.CertificatePem.as_view(), name="certificate-pem"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("komponenter/", include(component_urls)),
    path("fagsystemer/", include(system_urls)),
    path("organisationer/", include(organisation_urls)),
    path("afhaengigheder/", include(dependency_urls)),
    path("aftaler/", include(agreement_urls)),
    path("certifikater/", include(certificate_urls)),
    # /landskab/
    path("landskab/", landscape.LandscapeMatrix.as_view(), name="landscape"),
    path("landskab/kort/", landscape.LandscapeMap.as_view(), name="landscape-map"),
    path("landskab/forskel/", changes.LandscapeChanges.as_view(), name="landscape-changes"),
    path("landskab/fund/", findings.Findings.as_view(), name="findings"),
    # /konsekvens/
    path("konsekvens/", impact.ImpactPage.as_view(), name="impact"),
    path("konsekvens/billede.svg", pictures.impact_picture, name="impact-picture"),
    path("konsekvens/pdf/", impact_pdf.ImpactPdf.as_view(), name="impact-pdf"),
    path("konsekvens/aftaler.csv", agreement_impact.ImpactAgreements.as_view(), name="impact-agreements"),
    path("konsekvens/gemte/", include(snapshot_urls)),
    # /opslag/
    path("opslag/", lookup.asset_lookup, name="asset-lookup"),
    path("opslag/organisationer/", lookup.organisation_lookup, name="organisation-lookup"),
    path("opslag/afhaengigheder/", agreement_coverage.dependency_lookup, name="dependency-lookup"),
    # /import/
    path("import/", importing.ImportStart.as_view(), name="import"),
    path("import/<uuid:pk>/", importing.ImportJobPage.as_view(), name="import-job"),
    path("import/<uuid:pk>/gennemfoer/", importing.ImportCommit.as_view(), name="import-commit"),
    path("import/<uuid:pk>/kasser/", importing.ImportDiscard.as_view(), name="import-discard"),
    path("import/<uuid:pk>/fejl.csv", importing.ImportErrors.as_view(), name="import-errors"),
]
