"""/roller/tildelinger/: who holds which role where; assign, correct, end, hand over, archive."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from foi_portal.core import history
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, views
from registry import search
from registry.models import Asset, Kind, Organisation
from roles import assigning
from roles.assignment_rows import with_facts
from roles.filters.assignments import AssignmentFilter
from roles.forms.assignments import AssignForm, AssignmentForm, AssignRowForm
from roles.forms.scopes import EVERYWHERE, Scope
from roles.gaps import Gap
from roles.models import Assignment, Part, Person, Role
from roles.seat_rules import needs, seat_of
from roles.tables.assignments import ASSIGNMENT_COLUMNS

BLANK_ROWS = 5
MOST_ROWS = 200
SHOWN_GAPS = 5
NO_HOLDER = "Så er der ingen indehaver. Sæt flueben, hvis det er meningen, og prøv igen."
ROW_FIELD = re.compile("n(0|[1-9][0-9]{0,3})-[a-z]+")


class AssignmentView(views.ModelView):
    model = Assignment
    url_base = "assignment"
    lookup = "pk"
    create_label = "Tildel roller"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("person", "role", "asset", "organisation")

    @property
    def today(self) -> datetime.date:
        return timezone.localdate()

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - nobody else comes past the login
        return self.request.user

    @property
    def may_make_people(self) -> bool:
        return may(self.request.user, "add", Person)

    def facts(self, obj: Assignment) -> dict[str, Any]:
        """How it is with the assignment and its person today. One query."""
        names = ("state", "is_absent", "back_on", "stand_in", "stand_in_name", "has_left")
        found: dict[str, Any] = (
            with_facts(Assignment.objects.filter(pk=obj.pk), self.today).values(*names).get()
        )
        return found

    def ticked(self, plan: assigning.Plan) -> bool:
        """Whether the user has said yes to the plan as it is now."""
        return self.request.POST.get("sure") == plan.digest

    def tell(self, done: str, gaps: Iterable[Gap]) -> None:
        """What was done; and what is empty now, with links to fill it."""
        messages.success(self.request, done)
        self.warn(gaps)

    def warn(self, gaps: Iterable[Gap]) -> None:
        for gap in list(gaps)[:SHOWN_GAPS]:
            text = format_html('{}. <a href="{}">Tildel til en anden</a>', gap, gap.url)
            messages.warning(self.request, text)


class AssignmentList(AssignmentView, views.ListView):
    template_name = "roles/assignment_list.html"
    columns = ASSIGNMENT_COLUMNS
    filterset_class = AssignmentFilter
    default_sort = "role"
    naming = ("role__name", "person__name")

    def get_queryset(self) -> Any:
        return with_facts(Assignment.objects.all(), self.today)


class AssignmentDetail(AssignmentView, views.DetailView):
    template_name = "roles/assignment_detail.html"

    def get_context(self, obj: Assignment) -> dict[str, Any]:
        return {
            "tab": "overview",
            "facts": self.facts(obj),
            "required": needs([obj]).get(seat_of(obj)),
            "others": with_facts(Assignment.objects.current(), self.today)
            .filter(role=obj.role, asset=obj.asset, organisation=obj.organisation)
            .exclude(pk=obj.pk)
            .select_related("person")
            .order_by("-since", "id")[:20],
            "last_day": obj.until - datetime.timedelta(days=1) if obj.until else None,
        }


class AssignmentCreate(AssignmentView):
    """Many assignments at once: one role and period, a row for each person and place. All are written or none."""

    action = "add"
    template_name = "roles/assign.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AssignForm(
            initial={
                "role": request.GET.get("role", "").strip().upper(),
                "since": request.GET.get("since") or f"{self.today:%d-%m-%Y}",
                "until": request.GET.get("until", ""),
                "why_here": request.GET.get("why_here", ""),
            }
        )
        first = {
            "person": request.GET.get("person", ""),
            "scope": self.asked_scope(),
            "part": self.asked_part(),
        }
        wanted = request.GET.get("rows", "")
        count = int(wanted) if wanted.isdecimal() and len(wanted) < 5 else BLANK_ROWS
        rows = [self.row(0, initial=first)]
        rows += [
            self.row(i, initial={"part": first["part"]}) for i in range(1, max(1, min(count, MOST_ROWS)))
        ]
        return self.form_page(form, rows)

    def asked_scope(self) -> str:
        """What stands in the first row: the asset or organisation of the address, as far as it is one."""
        get = self.request.GET
        for name, model in (("asset", Asset), ("organisation", Organisation)):
            if code := get.get(name, "").strip().replace("\x00", "")[:100]:
                row: Any = model._default_manager.filter(code=code).first()
                if row is None:
                    return code
                return str(Scope(row) if name == "asset" else Scope(organisation=row))
        return EVERYWHERE if get.get("role") else ""

    def asked_part(self) -> str:
        asked = self.request.GET.get("part", "")
        return asked if asked in Part.values else Part.HOLDER

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AssignForm(request.POST)
        rows = self.posted_rows()
        if "more" in request.POST:
            return self.form_page(AssignForm(initial=request.POST.dict()), self.with_blanks(rows))
        AssignRowForm.find_all(rows)
        self.share_new_people(rows)
        filled = AssignRowForm.fill(rows)
        valid = form.is_valid()
        if not rows:
            form.add_error(None, "Skriv mindst én person, og hvor personen har rollen.")
        if not valid or not rows or None in filled:
            return self.form_page(form, self.with_blanks(rows), status=422)
        made = [self.made(form.cleaned_data, said) for said in filled if said is not None]
        required = needs(made)
        for row in made:  # the reason belongs where the role is not required
            row.why_here = "" if seat_of(row) in required else form.cleaned_data["why_here"]
        try:
            done = assigning.assign(
                rows=made, today=self.today, actor=self.user, reason=request.POST.get("reason", "")
            )
        except assigning.Refused as refused:
            self.put_errors(form, rows, refused)
            status = 422 if refused.rows else 409
            return self.form_page(form, self.with_blanks(rows), status=status)
        if len(done) == 1:
            self.tell(f"{done[0]} er tildelt.", [])
            return HttpResponseRedirect(self.url("detail", done[0]))
        self.tell(f"{len(done)} tildelinger er oprettet.", [])
        role = form.cleaned_data["role"]
        return HttpResponseRedirect(f"{self.url('list')}?role={role.code}&when=all&sort=-updated_at")

    def row(self, number: int | str, **kwargs: Any) -> AssignRowForm:
        return AssignRowForm(prefix=f"n{number}", make=self.may_make_people, **kwargs)

    def posted_rows(self) -> list[AssignRowForm]:
        """The rows in which something is typed, numbered from 0."""
        post = self.request.POST
        numbers = sorted({int(match[1]) for match in map(ROW_FIELD.fullmatch, post) if match})
        rows: list[AssignRowForm] = []
        for number in numbers:
            values = {name: post.get(f"n{number}-{name}", "") for name in AssignRowForm.base_fields}
            if any(values[name].strip() for name in AssignRowForm.typed) and len(rows) < MOST_ROWS:
                place = len(rows)
                rows.append(
                    self.row(place, data={f"n{place}-{name}": value for name, value in values.items()})
                )
        return rows

    def with_blanks(self, rows: list[AssignRowForm]) -> list[AssignRowForm]:
        part = rows[-1]["part"].value() if rows else Part.HOLDER
        total = min(len(rows) + BLANK_ROWS, MOST_ROWS)
        return rows + [self.row(i, initial={"part": part}) for i in range(len(rows), total)]

    def share_new_people(self, rows: list[AssignRowForm]) -> None:
        """Somebody new who stands in several rows is one person, by e-mail."""
        known: dict[str, Any] = rows[0].fields["person"].known if rows else {}  # type: ignore[attr-defined]
        by_email: dict[str, Person] = {}
        for text, found in known.items():
            if isinstance(found, Person) and found._state.adding:
                known[text] = by_email.setdefault(found.email, found)

    def made(self, shared: dict[str, Any], said: tuple[Person, Scope, str]) -> Assignment:
        person, scope, part = said
        return Assignment(
            person=person,
            role=shared["role"],
            asset=scope.asset,
            organisation=scope.organisation,
            part=part,
            since=shared["since"],
            until=shared["until"],
            note=shared["note"],
        )

    def put_errors(self, form: AssignForm, rows: list[AssignRowForm], refused: assigning.Refused) -> None:
        if not refused.rows:
            form.add_error(None, str(refused))
        for row, faults in zip(rows, refused.rows, strict=False):
            for fault, message in faults.items():
                name = "scope" if fault in ("asset", "organisation") else fault
                if name in row.fields:
                    row.add_error(name, message)
                elif name in form.fields and message not in form.errors.get(name, []):
                    form.add_error(name, message)

    def form_page(self, form: AssignForm, rows: list[AssignRowForm], status: int = 200) -> HttpResponse:
        return self.page(
            {
                "form": form,
                "rows": rows,
                "blank": self.row("__prefix__", initial={"part": self.asked_part()}),
                "error_rows": sum(1 for row in rows if row.is_bound and row.errors),
                "cancel_url": self.url("list"),
                "reason": self.request.POST.get("reason", ""),
                "may_make_people": self.may_make_people,
                "has_roles": Role.objects.current().exists(),
            },
            status=status,
        )


class AssignmentUpdate(AssignmentView, views.UpdateView):
    """Correct period, part and note. Taking a required role's last holder away is asked about once."""

    form_class = AssignmentForm
    template_name = "roles/assignment_form.html"
    fieldsets = (("Periode", ("part", "since", "until", "why_here")), ("Note", ("note",)))
    wide = ("note",)

    def get_context(self, obj: Assignment) -> dict[str, Any]:
        return {"plan": getattr(self, "plan", None)}

    def save_guarded(self, request: HttpRequest) -> HttpResponse:
        assigning.lock(self.get_object())
        return super().save_guarded(request)

    def try_save(self, form: Any) -> Any:
        before = self.get_queryset().get(pk=form.instance.pk)
        self.plan = assigning.plan_change(before, form.instance, today=self.today)
        if self.plan.takes_last_holder and not self.ticked(self.plan):
            form.add_error(None, NO_HOLDER)
            return None
        return super().try_save(form)

    def save(self, form: Any) -> Any:
        reason = assigning.reason_with(self.request.POST.get("reason", ""), self.plan.gaps)
        with history.recording(reason=reason):
            return form.save()

    def after(self, obj: Any) -> str:
        self.warn(self.plan.gaps)
        return super().after(obj)


class AssignmentArchive(AssignmentView, views.ArchiveView):
    """Only what was written by mistake; what is over has an end."""

    template_name = "roles/assignment_archive.html"
    plan: assigning.Plan | None = None

    def confirm(self, obj: Any, error: str = "", status: int = 200) -> HttpResponse:
        if not obj.is_archived:
            self.plan = assigning.plan_archive(obj, today=self.today)
        return super().confirm(obj, error, status)

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({**context, "plan": self.plan}, status)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        reason = history.tidy(request.POST.get("reason", ""))
        if not reason:
            return self.confirm(obj, "Skriv, hvorfor den arkiveres.", status=422)
        if obj.is_archived:
            return self.confirm(obj, "Den er allerede arkiveret.", status=409)
        if conflicts.submitted_version(request.POST) != obj.version:
            return self.confirm(obj, "Nogen har rettet den imens. Læs den igen, og gentag så.", status=409)
        plan = assigning.plan_archive(obj, today=self.today)
        if plan.takes_last_holder and not self.ticked(plan):
            return self.confirm(obj, NO_HOLDER, status=422)
        return self.archive(obj, plan, reason)

    def archive(self, obj: Assignment, plan: assigning.Plan, reason: str) -> HttpResponse:
        try:
            done = assigning.archive(
                row=obj, today=self.today, actor=self.user, reason=reason, seen=plan.digest
            )
        except assigning.Refused as refused:
            return self.confirm(self.get_object(), str(refused), status=409)
        self.tell(f"{obj} er arkiveret.", done.gaps)
        return HttpResponseRedirect(self.url("detail", obj))


class AssignmentRestore(AssignmentView, views.ArchiveView):
    """Back again, unless somebody is in the seat by now or the person has left."""

    restore = True

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        assigning.lock(obj)
        if obj.is_archived and (faults := assigning.faults_of_restoring(obj)):
            return self.confirm(obj, f"Den kan ikke gendannes. {' '.join(faults)}", status=422)
        try:
            with history.recording():
                return super().post(request, **kwargs)
        except IntegrityError:
            return self.confirm(obj, assigning.OVERTAKEN, status=409)


class AssignmentHistory(AssignmentView, views.HistoryView):
    pass


SCOPE_KINDS = list(Kind.values)


@require_safe
def scope_lookup(request: HttpRequest) -> JsonResponse:
    """``?q=``: components, fagsystemer and organisations, as the other type-aheads; and "Hele kommunen"."""
    if not may(request.user, "view", Asset) or not may(request.user, "view", Organisation):
        raise PermissionDenied
    typed = request.GET.get("q", "")
    found = search.lookup(typed, SCOPE_KINDS, limit=8)
    found += search.lookup(typed, [search.ORGANISATION], limit=4)
    if typed.strip() and EVERYWHERE.lower().startswith(typed.strip().lower()):
        found.insert(0, {"code": "", "name": EVERYWHERE, "kind": "municipality", "label": EVERYWHERE})
    return JsonResponse({"results": found})
