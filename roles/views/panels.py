"""The people of an impact answer as a file."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views import View

from foi_portal.core.permissions import may
from foi_portal.ui import export
from registry import impact
from registry.impact import Question
from registry.models import Component, System
from roles import concerned
from roles.models import Assignment


class ImpactPeople(View):
    """The same question as the impact page's, by the same query: who is concerned, each once."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not all(may(request.user, "view", model) for model in (Component, System, Assignment)):
            raise PermissionDenied
        found = concerned.by(impact.ask(Question.parse(request.GET)), timezone.localdate())
        return export.rows_to_csv("personer", concerned.EXPORTED, concerned.export_rows(found))
