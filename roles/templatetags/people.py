"""``{% load people %}``: people in templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from roles import people_html
from roles.models import Person
from roles.occupancy import PersonFacts

register = template.Library()


@register.simple_tag
def person(who: Person, away: people_html.Absent | None = None) -> SafeString:
    """The person as a link, with who is asked while they are away; see ``people_html.person``."""
    return people_html.person(who.pk, who.name, away)


@register.simple_tag
def somebody(who: PersonFacts, away: people_html.Absent | None = None) -> SafeString:
    """The same of somebody in the day's picture."""
    return people_html.person(who.key, who.name, away)
