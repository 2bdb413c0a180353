"""The registry's models, one noun per module: organisation ← asset ← alternatives ← dependency; snapshots; imports."""

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
from registry.models.dependency import Dependency, DependencyStatus, Direction, Importance
from registry.models.import_job import ImportFile, ImportJob, ImportState
from registry.models.organisation import Organisation, OrganisationKind
from registry.models.snapshot import ImpactSnapshot

__all__ = [
    "CONFIRMED_FOR",
    "AlternativeGroup",
    "Asset",
    "Component",
    "ComponentType",
    "Criticality",
    "Dependency",
    "DependencyStatus",
    "Direction",
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
