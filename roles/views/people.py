"""/personer/: the people who hold roles, and the type-ahead that finds them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.ui import views
from roles import assigning, gaps, people, search
from roles.filters.people import PersonFilter
from roles.forms.people import PersonForm
from roles.models import Absence, Assignment, Person
from roles.people_html import Absent, Who
from roles.rights import may_edit_absence
from roles.tables.people import PERSON_COLUMNS


class PersonView(views.ModelView):
    model = Person
    url_base = "person"
    lookup = "pk"
    create_label = "Ny person"


class PersonList(PersonView, views.ListView):
    columns = PERSON_COLUMNS
    filterset_class = PersonFilter
    default_sort = "name"

    def get_queryset(self) -> Any:
        """With ``role_count``, ``is_absent`` and ``back_on``, all as of today."""
        today = timezone.localdate()
        roles = Assignment.objects.ongoing(today).filter(person=OuterRef("pk")).order_by().values("person")
        counted = Subquery(roles.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        away = Absence.objects.ongoing(today).filter(person=OuterRef("pk"))
        return (
            super()
            .get_queryset()
            .annotate(
                role_count=Coalesce(counted, Value(0)),
                is_absent=Exists(away),
                back_on=Subquery(away.order_by("since").values("until")[:1]),
            )
        )


class PersonDetail(PersonView, views.DetailView):
    template_name = "roles/person_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("unit", "user", "merged_into")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The page; of a double, the page of whom it was merged into."""
        person = self.get_object()
        if person.merged_into is not None:
            messages.info(request, f"{person} er lagt sammen med {person.merged_into}.")
            return HttpResponseRedirect(person.merged_into.get_absolute_url())
        return super().get(request, **kwargs)

    def get_context(self, obj: Person) -> dict[str, Any]:
        today = timezone.localdate()
        roles = people.roles_of(obj, today)
        absences = list(obj.absences.current().select_related("stand_in"))
        away = next(
            (row for row in absences if row.since <= today and (not row.until or row.until > today)), None
        )
        left = obj.active_to
        return {
            "roles": roles,
            "away": _absent(away) if away else None,
            "absences": [row for row in absences if row.until is None or row.until > today],
            "absences_over": [row for row in absences if row.until is not None and row.until <= today],
            "has_left": left is not None and left <= today,
            "left_behind": [
                one.assignment
                for one in [*roles.present, *roles.coming]
                if left is not None and (one.assignment.until is None or one.assignment.until > left)
            ],
            "doubles": list(obj.doubles.order_by("name", "id")),
            "may_edit_absence": may_edit_absence(self.request.user, obj),
            "may_assign": may(self.request.user, "add", Assignment),
            "today": today,
            "tab": "overview",
        }


def _absent(absence: Absence) -> Absent:
    asked = absence.stand_in
    return Absent(absence.until, Who(asked.pk, asked.name) if asked else None)


class PersonForms(PersonView, views.FormView):
    template_name = "roles/person_form.html"
    form_class = PersonForm
    wide = ("name", "email")
    fieldsets = (
        ("Person", ("name", "title", "email", "phone")),
        ("Ansættelse", ("unit", "active_from", "active_to", "user")),
    )


class PersonCreate(PersonForms, views.CreateView):
    pass


class PersonUpdate(PersonForms, views.UpdateView):
    def get_queryset(self) -> Any:
        """A double is not edited: it is somebody else's by now."""
        return super().get_queryset().filter(merged_into=None)

    def save(self, form: Any) -> Any:
        """The reason says so when a required role loses its last holder by the person's leaving."""
        reason, day = self.request.POST.get("reason", ""), form.cleaned_data.get("active_to")
        if day is not None and "active_to" in form.changed_data:
            reason = assigning.reason_with(reason, gaps.if_leaving(form.instance, day, timezone.localdate()))
        with history.recording(reason=reason):
            return form.save()


class PersonHistory(PersonView, views.HistoryView):
    """The person's own changes with those of their absences and assignments."""

    def changes(self, obj: Person) -> Any:
        own = history.changes_of(obj)
        parts = Q(pk__in=own.values("pk"))
        for model, rows in ((Absence, obj.absences), (Assignment, obj.assignments)):
            parts |= Q(table=model._meta.db_table, row_id__in=rows.values("pk"))
        return Change.objects.filter(parts)


@require_safe
def person_lookup(request: HttpRequest) -> JsonResponse:
    """``?q=``: at most twelve people as ``key``, ``name``, ``email`` and ``label``, the best first.

    Those who have left are among them only with ``?alle=1``. 403 when the user may not see people.
    """
    if not may(request.user, "view", Person):
        raise PermissionDenied
    on = None if request.GET.get("alle") else timezone.localdate()
    return JsonResponse({"results": search.lookup_people(request.GET.get("q", ""), on)})
