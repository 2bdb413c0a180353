"""Budgets' models, one noun per module: year ← price ← line ← adjustment, actual, forecast; sharing; gain."""

from budgets.models.actual import Actual, ActualImport, ActualSource, ColumnMapping
from budgets.models.adjustment import Adjustment, AdjustmentEntry, AdjustmentKind, AdjustmentState
from budgets.models.forecast import Forecast, ForecastRound
from budgets.models.gain import AWAITED, CONSEQUENCES, Gain, GainKind, GainState
from budgets.models.line import BudgetLine, CostType, Estimate, Funding
from budgets.models.price import Assumption, AssumptionValue, Price, PriceKind, PriceModel
from budgets.models.sharing import BudgetResponsibility, ShareKey, SharePart, Sharing
from budgets.models.year import (
    ESTIMATED_YEARS,
    FIRST_YEAR,
    LAST_YEAR,
    BudgetYear,
    DecisionKind,
    YearDecision,
    YearState,
    YearVisit,
)

__all__ = [
    "AWAITED",
    "CONSEQUENCES",
    "ESTIMATED_YEARS",
    "FIRST_YEAR",
    "LAST_YEAR",
    "Actual",
    "ActualImport",
    "ActualSource",
    "Adjustment",
    "AdjustmentEntry",
    "AdjustmentKind",
    "AdjustmentState",
    "Assumption",
    "AssumptionValue",
    "BudgetLine",
    "BudgetResponsibility",
    "BudgetYear",
    "ColumnMapping",
    "CostType",
    "DecisionKind",
    "Estimate",
    "Forecast",
    "ForecastRound",
    "Funding",
    "Gain",
    "GainKind",
    "GainState",
    "Price",
    "PriceKind",
    "PriceModel",
    "ShareKey",
    "SharePart",
    "Sharing",
    "YearDecision",
    "YearState",
    "YearVisit",
]
