"""Import of organisations, components, systems, dependencies and what apps above add, from CSV and XLSX.

``reading`` turns files into sheets, ``planning`` says what they would do and everything that is wrong with
them, ``applying`` does it, all or nothing. ``jobs`` carries an import through the web pages and the worker.
The page and the command use the same three steps. Apps above register their own files (``register``).
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
from registry.importing.formats import Column, FileFormat, register
from registry.importing.judging import Judged, Look, Stored
from registry.importing.planning import make_plan
from registry.importing.plans import FilePlan, Key, Plan, RowPlan
from registry.importing.problems import Problem
from registry.importing.reading import Reading, SourceFile, read_files
from registry.importing.targets import Known, Target

__all__ = [
    "Applied",
    "Busy",
    "Collision",
    "Column",
    "FileFormat",
    "FilePlan",
    "ImportRefused",
    "Judged",
    "Key",
    "Known",
    "Look",
    "Plan",
    "PlanChanged",
    "PlanHasProblems",
    "Problem",
    "Reading",
    "RowPlan",
    "SourceFile",
    "Stored",
    "Target",
    "apply_reading",
    "make_plan",
    "read_files",
    "register",
]
