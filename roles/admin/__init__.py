"""People and roles in the administration, one module per subject."""

from roles.admin import (
    assignments,  # noqa: F401
    catalogue,  # noqa: F401
    confirmation,  # noqa: F401
    people,  # noqa: F401
)
