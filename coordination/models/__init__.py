"""Coordination's models, one subject per module: who looks after what, deadlines, reminders, findings."""

from coordination.models.caretaker import Caretaker
from coordination.models.deadline import Acknowledgement, CalendarEvent, CalendarLink
from coordination.models.finding import Finding, FindingState
from coordination.models.reminder import Reminder, ReminderPreference, ReminderRule

__all__ = [
    "Acknowledgement",
    "CalendarEvent",
    "CalendarLink",
    "Caretaker",
    "Finding",
    "FindingState",
    "Reminder",
    "ReminderPreference",
    "ReminderRule",
]
