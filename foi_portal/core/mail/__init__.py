"""Mail: what the portal has to tell people is written into the outbox together with its cause, and sent afterwards.

``enqueue`` writes the row in the caller's transaction: rolled back, there is no mail; committed, it cannot be lost.
``delivery`` sends (docs/decisions/0013-outbox.md). A mail server that is away delays mail and nothing else.

    text, html = mail.render("roles/mail/reminder", {"role": role})
    mail.enqueue(
        occasion=f"assignment/{row.pk}/{row.until}/30",  # the same call again is no second mail
        to=mail.Recipient(person.email, person.name, key=f"person/{person.pk}"),
        subject="Din rolle udløber om 30 dage",
        text=text,
        html=html,
        about=row,
    )
    mail.cancel(f"assignment/{row.pk}")  # dealt with: what is not yet sent, at any step, is not sent
"""

from foi_portal.core.mail.composing import Recipient, absolute, render
from foi_portal.core.mail.outbox import BadAddress, Refused, cancel, enqueue, resend, resend_failed, stop

__all__ = [
    "BadAddress",
    "Recipient",
    "Refused",
    "absolute",
    "cancel",
    "enqueue",
    "render",
    "resend",
    "resend_failed",
    "stop",
]
