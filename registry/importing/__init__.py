"""Import of organisations, components, systems and dependencies from CSV and XLSX.

``reading`` turns files into sheets, ``planning`` says what they would do and everything that is wrong with
them, ``applying`` does it, all or nothing. ``jobs`` carries an import through the web pages and the worker.
The page and the command use the same three steps.
"""

from registry.importing.applying import (
    Applied,
    Busy,
    Collision,
    ImportRefused,
    PlanChanged,
    PlanHasProblems,
    apply_reading,
)
from registry.importing.planning import make_plan
from registry.importing.plans import FilePlan, Plan, RowPlan
from registry.importing.problems import Problem
from registry.importing.reading import Reading, SourceFile, read_files

__all__ = [
    "Applied",
    "Busy",
    "Collision",
    "FilePlan",
    "ImportRefused",
    "Plan",
    "PlanChanged",
    "PlanHasProblems",
    "Problem",
    "Reading",
    "RowPlan",
    "SourceFile",
    "apply_reading",
    "make_plan",
    "read_files",
]
