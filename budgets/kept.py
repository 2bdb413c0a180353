"""What has been added up, kept in the process until a table it is made of changes (as landscapes: decision 0006)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from django.db import connection

from budgets.models import (
    Actual,
    Adjustment,
    AdjustmentEntry,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    Estimate,
    Forecast,
    ForecastRound,
)
from registry import landscape
from registry.models import Asset, Organisation

MADE_OF = (
    BudgetYear,
    BudgetLine,
    Estimate,
    Adjustment,
    AdjustmentEntry,
    Actual,
    ForecastRound,
    Forecast,
    BudgetResponsibility,
    Asset,
    Organisation,
)
KEPT = 6
T = TypeVar("T")
_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = Lock()  # of _kept


def version() -> tuple[Any, ...]:
    """What tells one state of the budgets from the next. One query; nothing inside a transaction, where nothing is
    kept: it may see what others cannot, and may be rolled back."""
    return () if connection.in_atomic_block else landscape.version(MADE_OF)


def once(version: tuple[Any, ...], key: Hashable, load: Callable[[], T]) -> T:
    """What ``load`` gives, loaded once for each version and key. It is shared by all requests: never write on it."""
    if not version:
        return load()
    whole = (connection.settings_dict["NAME"], key, version)
    with _lock:
        if whole in _kept:
            _kept.move_to_end(whole)
            found: T = _kept[whole]
            return found
    found = load()
    with _lock:
        _kept[whole] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Empty the process's memory."""
    with _lock:
        _kept.clear()


__all__ = ["MADE_OF", "forget", "once", "version"]
