"""Files of budget lines, read by the registry's import."""

from budgets.importing import lines
from registry.importing import register as register_format


def register() -> None:
    """Make the format known. For ``AppConfig.ready``."""
    register_format(lines.BUDGET_LINES)


__all__ = ["register"]
