"""Files of people, assignments and the role catalogue, read by the registry's import."""

from registry.importing import register as register_format
from roles.importing import assignments, catalogue, people, targets


def register() -> None:
    """Make the three formats known. For ``AppConfig.ready``."""
    register_format(catalogue.ROLES)
    register_format(people.PEOPLE, targets.USER)
    register_format(assignments.ASSIGNMENTS, targets.ROLE, targets.PERSON, targets.SCOPE)


__all__ = ["register"]
