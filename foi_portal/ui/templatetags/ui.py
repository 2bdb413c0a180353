"""Template tags of the shared UI layer. They are built in: no template loads them."""

from __future__ import annotations

import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from foi_portal.core.permissions import may as user_may
from foi_portal.ui import formats, forms

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the design system's sprite; without a label it is decoration."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon-svg{}" focusable="false" {}><use href="{}#{}"></use></svg>',
        f" {css}" if css else "",
        role,
        static("dkfds/img/all-svg-icons.svg"),
        name,
    )


@register.simple_tag
def field(bound: Any, css: str = "") -> SafeString:
    """A whole form group: label, error, control and hint."""
    return forms.group(bound, css)


@register.simple_tag
def filter_field(bound: Any, css: str = "") -> SafeString:
    """A form group of a filter, where everything is optional and nothing says so."""
    return forms.group(bound, css, optional=False)


@register.simple_tag
def cell_field(bound: Any, column: str, row: str) -> SafeString:
    """A field in an edited table, named by its column head and its row."""
    return format_html(
        "{}{}", forms.control(bound, aria_labelledby=f"{column} {row}"), forms.errors_of(bound)
    )


@register.filter
def danish(value: Any) -> str:
    """Any value the Danish way; nothing is an empty string."""
    return formats.plain(value)


@register.filter
def since(value: datetime.date | None) -> str:
    """2019 for a first of January, else the date."""
    return formats.year_or_date(value) if value else ""


@register.simple_tag(takes_context=True)
def may(context: RequestContext, action: str, on: Any) -> bool:
    """Whether the signed-in user may view, add or change the object or model."""
    return user_may(context["user"], action, on)


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The present address's query with some values changed; None removes one. Begins with ?"""
    request: HttpRequest = context["request"]
    params = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}"


@register.inclusion_tag("ui/pagination.html", takes_context=True)
def pagination(context: RequestContext, page: Any) -> dict[str, Any]:
    """Links to the pages near this one, in the design system's markup."""
    return {
        "page": page,
        "request": context["request"],
        "numbers": page.paginator.get_elided_page_range(page.number),
    }
