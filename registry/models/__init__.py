"""The registry's models, one noun per module: organisation ← asset ← dependency."""

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
from registry.models.organisation import Organisation, OrganisationKind

__all__ = [
    "Asset",
    "Component",
    "ComponentType",
    "Criticality",
    "Dependency",
    "DependencyStatus",
    "Direction",
    "Importance",
    "Kind",
    "Level",
    "Lifecycle",
    "Organisation",
    "OrganisationKind",
    "PersonalData",
    "System",
]
