"""The registry's models, one noun per module: organisation ← asset ← alternatives ← dependency; snapshots; imports;
agreement ← certificate."""

from registry.models.agreement import Agreement, AgreementKind, AgreementStatus, Environment
from registry.models.alternatives import AlternativeGroup
from registry.models.asset import (
    CONFIRMED_FOR,
    Asset,
    Component,
    ComponentType,
    Criticality,
    Kind,
    Level,
    Lifecycle,
    PersonalData,
    System,
)
from registry.models.certificate import Certificate, CertificateKind
from registry.models.dependency import Dependency, DependencyStatus, Direction, Importance
from registry.models.import_job import ImportFile, ImportJob, ImportState
from registry.models.organisation import Organisation, OrganisationKind
from registry.models.snapshot import ImpactSnapshot

__all__ = [
    "CONFIRMED_FOR",
    "Agreement",
    "AgreementKind",
    "AgreementStatus",
    "AlternativeGroup",
    "Asset",
    "Certificate",
    "CertificateKind",
    "Component",
    "ComponentType",
    "Criticality",
    "Dependency",
    "DependencyStatus",
    "Direction",
    "Environment",
    "ImpactSnapshot",
    "ImportFile",
    "ImportJob",
    "ImportState",
    "Importance",
    "Kind",
    "Level",
    "Lifecycle",
    "Organisation",
    "OrganisationKind",
    "PersonalData",
    "System",
]
