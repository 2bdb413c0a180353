"""Who may do what with gains and business cases: those who may see amounts (DESIGN §5)."""

from __future__ import annotations

from typing import Any

from budgets.models import Gain
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from registry.models import Asset
from tests import factories
from tests.access.rules import Rule

SEE, EDIT = frozenset({FOI, MANAGER, ADMINISTRATOR}), frozenset({FOI, MANAGER})

RULES: dict[str, Rule] = {
    "gain-list": Rule(SEE),
    "gain-create": Rule(EDIT, EDIT),
    "gain-detail": Rule(SEE, None, ("gain",)),
    "gain-update": Rule(EDIT, EDIT, ("gain",)),
    "gain-archive": Rule(EDIT, EDIT, ("gain",)),
    "gain-restore": Rule(EDIT, EDIT, ("gain",)),
    "gain-history": Rule(SEE, None, ("gain",)),
    "gain-possible": Rule(SEE),
    "gain-reject": Rule(EDIT, EDIT, ("possible_gain",)),
    "business-case-list": Rule(SEE),
    "business-case": Rule(SEE, None, ("component",)),
}
MISSING: dict[str, Any] = {"gain": 0, "possible_gain": "direct_register-0-0"}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A gain, and a fagsystem that fetches from a register which a component fetches from too."""
    system = Asset.objects.systems().order_by("code")[0]
    component = Asset.objects.components().order_by("code")[0]
    register = factories.component(code="REGISTER", component_type="register")
    for source in (system, component):
        factories.dependency(source=source, target=register)
    gain = Gain.objects.create(asset=component, kind="data_reuse", text="Data hentes ét sted.")
    return {"gain": gain.pk, "possible_gain": f"direct_register-{system.pk}-{register.pk}"}
