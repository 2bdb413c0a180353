"""Budgets in the administration, one module per subject: to be found again, never changed.

What may be changed depends on the state of the year, and what a change does is shown before it is made. The portal's
own pages see to both, and each row here links to its page there.
"""

from budgets.admin import (
    actuals,  # noqa: F401
    adjustments,  # noqa: F401
    lines,  # noqa: F401
    prices,  # noqa: F401
    sharing,  # noqa: F401
    years,  # noqa: F401
)
