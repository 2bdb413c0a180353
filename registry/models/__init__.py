"""The registry's models, one noun per module: organisation ← asset ← dependency; and import jobs."""

from registry.models.asset import (
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

__all__ = [
    "Asset",
    "Component",
    "ComponentType",
    "Criticality",
    "Dependency",
    "DependencyStatus",
    "Direction",
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
