"""What budgets' pages in the administration share."""

from __future__ import annotations

from typing import Any

from foi_portal.ui.admin import ReadingAdmin

ROW = ("version", "created_at", "updated_at")
ARCHIVED = (*ROW, "archived_at", "archive_reason")


class BudgetAdmin(ReadingAdmin):
    """A kind of row with a page of its own in the portal."""

    def view_on_site(self, obj: Any) -> str:
        return str(obj.get_absolute_url())


__all__ = ["ARCHIVED", "ROW", "BudgetAdmin"]
