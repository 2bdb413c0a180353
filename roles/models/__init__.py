"""Roles' models, one noun per module: person ← catalogue ← requirement ← assignment; confirmation rounds."""

from roles.models.assignment import Assignment, Part
from roles.models.catalogue import (
    EditionEntry,
    EditionState,
    Phase,
    Role,
    RoleEdition,
    RoleLevel,
    Verified,
)
from roles.models.confirmation import ConfirmationRound, RoundAsset
from roles.models.person import Absence, Person
from roles.models.requirement import RequirementOrigin, RoleRequirement, ScopeKind

__all__ = [
    "Absence",
    "Assignment",
    "ConfirmationRound",
    "EditionEntry",
    "EditionState",
    "Part",
    "Person",
    "Phase",
    "RequirementOrigin",
    "Role",
    "RoleEdition",
    "RoleLevel",
    "RoleRequirement",
    "RoundAsset",
    "ScopeKind",
    "Verified",
]
