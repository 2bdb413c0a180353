"""What the tables are written with."""

from __future__ import annotations

from dataclasses import dataclass

from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE

NOBODYS = "uden gruppe"
KINDS = (READER, RESPONSIBLE, FOI, MANAGER, ADMINISTRATOR, NOBODYS)
ALL = frozenset(KINDS)
READERS = ALL - {NOBODYS}
EDITORS = frozenset({FOI, ADMINISTRATOR})
KEEPERS = READERS - {READER}  # of answers: they correct their own (tests of snapshots), editors everybody's
NONE: frozenset[str] = frozenset()
# The feed of deadlines is fetched by programs that cannot sign in; its key is a secret, and without it is a 404.
KEYED = {"deadline-feed"}
PUBLIC = {"login", "healthz", *KEYED}


@dataclass(frozen=True)
class Rule:
    """Who may GET and who may POST an address; None: the address does not take that method from anybody."""

    get: frozenset[str] | None
    post: frozenset[str] | None = None
    kwargs: tuple[str, ...] = ()


def noun(
    name: str, key: str, *, table: bool = False, bulk: bool = False, makers: frozenset[str] = EDITORS
) -> dict[str, Rule]:
    rules = {
        f"{name}-list": Rule(READERS),
        f"{name}-create": Rule(makers, makers),
        f"{name}-detail": Rule(READERS, None, (key,)),
        f"{name}-update": Rule(EDITORS, EDITORS, (key,)),
        f"{name}-archive": Rule(EDITORS, EDITORS, (key,)),
        f"{name}-restore": Rule(EDITORS, EDITORS, (key,)),
        f"{name}-history": Rule(READERS, None, (key,)),
    }
    if table:
        rules[f"{name}-dependencies"] = Rule(READERS, EDITORS, (key,))
        rules[f"{name}-alternatives"] = Rule(READERS, EDITORS, (key,))
    if bulk:
        rules[f"{name}-bulk"] = Rule(EDITORS, EDITORS)
    return rules
