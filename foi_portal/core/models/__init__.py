"""The bottom floor's models, by noun: what every row has and who signs in (base), mail, scheduled jobs."""

from foi_portal.core.models.base import Archivable, ArchivableQuerySet, Change, Record, SignInFailure, User
from foi_portal.core.models.job import ScheduledJob
from foi_portal.core.models.mail import MailEvent, MailState, OutboxMail

__all__ = [
    "Archivable",
    "ArchivableQuerySet",
    "Change",
    "MailEvent",
    "MailState",
    "OutboxMail",
    "Record",
    "ScheduledJob",
    "SignInFailure",
    "User",
]
