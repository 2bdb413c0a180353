"""The agreements of an impact answer as a file."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views import View

from foi_portal.core.permissions import may
from foi_portal.ui import export
from registry import impact
from registry.agreements import touched
from registry.impact import Question
from registry.models import Agreement, Component, System


class ImpactAgreements(View):
    """The same question as the impact page's, by the same query: which agreements are touched, each once."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not all(may(request.user, "view", model) for model in (Component, System, Agreement)):
            raise PermissionDenied
        found = touched.by(impact.ask(Question.parse(request.GET)))
        return export.rows_to_csv("aftaler", touched.EXPORTED, touched.export_rows(found))


__all__ = ["ImpactAgreements"]
