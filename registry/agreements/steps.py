"""The steps of an agreement, and why one cannot be taken. Pure: an agreement in, Danish words out."""

from __future__ import annotations

from registry.models import Agreement, AgreementStatus
from registry.models.agreement import NEXT

ARCHIVED = "Aftalen er arkiveret. Gendan den først."


def why_not(agreement: Agreement, to: str, *, was: str = "") -> str:
    """Why the agreement cannot become ``to``, and what it can become instead; empty when it can.

    ``was`` is its status where a form has already written another on it.
    """
    now = AgreementStatus(was or agreement.status)
    if agreement.is_archived:
        return ARCHIVED
    if to == now:
        return f"Aftalen er allerede «{now.label}»."
    if to in NEXT[now]:
        return ""
    ways = " eller ".join(f"«{step.label}»" for step in NEXT[now])
    return f"En aftale, der er «{now.label}», kan ikke blive «{AgreementStatus(to).label}». Næste skridt er {ways}."


def why_not_in_force(agreement: Agreement, deed: str) -> str:
    """Why something that is done to active agreements (``deed``: "forlænges") cannot be done; empty when it can."""
    if agreement.is_archived:
        return ARCHIVED
    if agreement.status == AgreementStatus.ACTIVE:
        return ""
    now = AgreementStatus(agreement.status)
    if now == AgreementStatus.TERMINATED:
        return f"Aftalen er opsagt og kan ikke {deed}. Tag opsigelsen tilbage først."
    return f"Kun en aktiv aftale kan {deed}. Denne er «{now.label}»."


def why_not_extended(agreement: Agreement) -> str:
    """Why the agreement cannot get a later end; empty when it can."""
    refusal = why_not_in_force(agreement, "forlænges")
    if not refusal and agreement.valid_to is None:
        return "Aftalen løber videre uden slutdato, så der er intet at forlænge."
    return refusal


__all__ = ["why_not", "why_not_extended", "why_not_in_force"]
