"""/roller/udgaver/: the catalogue's editions: upload one, see what it would change, take it into use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import User
from foi_portal.ui import conflicts, export, views
from foi_portal.ui.tables import label
from registry.importing.reading import SourceFile
from registry.models import Asset
from roles import catalogue, edition_file
from roles.catalogue import CatalogueChangedError, Comparison
from roles.catalogue_changes import Held, How, Need, RoleChange, Scope
from roles.filters.catalogue import EditionFilter
from roles.forms.catalogue import EditionForm
from roles.models import EditionState, Phase, Role, RoleEdition, RoleLevel, ScopeKind, Verified
from roles.tables.catalogue import EDITION_COLUMNS, SCOPES
from roles.views.catalogue import address

SHOWN_HELD = 5  # assignments of one role
SHOWN_PROBLEMS = 200
CHOICES: dict[str, Any] = {"level": RoleLevel, "phase": Phase, "verified": Verified}


class EditionView(views.ModelView):
    model = RoleEdition
    url_base = "edition"
    lookup = "pk"
    create_label = "Indlæs en udgave"

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({"section": "role", **context}, status)


class EditionList(EditionView, views.ListView):
    template_name = "roles/edition_list.html"
    columns = EDITION_COLUMNS
    filterset_class = EditionFilter
    default_sort = "-created_at"
    importable = False

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset().annotate(roles=Count("entries"))
        return rows


@dataclass(frozen=True)
class Needed:
    """Scopes whose requirement comes, changes or goes alike; ``before`` or ``after`` empty: there is none."""

    scopes: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """What happens to a role, ready to be shown."""

    change: RoleChange
    url: str
    fields: list[tuple[str, str, str]]
    needs: list[Needed]
    kept: list[str]
    held: list[tuple[Held, str]]
    list_url: str

    @property
    def more(self) -> int:
        return len(self.change.held) - len(self.held)


class _Reader:
    """Makes lines of a comparison. One query."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        scopes = {one.scope for role in comparison.roles for one in role.needs}
        scopes |= {one.scope for role in comparison.roles for one in role.kept}
        keys = [scope.asset for scope in scopes if scope.asset is not None]
        self.names = dict(Asset.objects.filter(pk__in=among(keys)).values_list("pk", "name"))

    def lines(self, how: How) -> list[Line]:
        return [self.line(role) for role in self.comparison.of(how)]

    def line(self, role: RoleChange) -> Line:
        held = sorted(role.held, key=lambda one: not one.loses)[:SHOWN_HELD]
        return Line(
            role,
            reverse("role-detail", args=[role.code]) if role.key is not None else "",
            [(_label(f.field), _shown(f.field, f.before), _shown(f.field, f.after)) for f in role.fields],
            self.needs((one.scope, _need(one.before), _need(one.after)) for one in role.needs),
            [self.kept(one.scope, one.need, one.wanted) for one in role.kept],
            [(one, address("assignment-detail", "", one.key)) for one in held],
            address("assignment-list", f"?role={role.code}"),
        )

    def needs(self, needs: Iterable[tuple[Scope, str, str]]) -> list[Needed]:
        alike: dict[tuple[str, str], list[str]] = {}
        for scope, before, after in needs:
            alike.setdefault((before, after), []).append(self.scope(scope))
        return [Needed(", ".join(scopes), *pair) for pair, scopes in alike.items()]

    def kept(self, scope: Scope, need: Need | None, wanted: Need | None) -> str:
        mine = f"{_need(need)}" if need else "kræves ikke"
        return f"{self.scope(scope)}: {mine} (udgaven siger {_need(wanted) or 'intet'})"

    def scope(self, scope: Scope) -> str:
        return self.names[scope.asset] if scope.asset is not None else SCOPES[ScopeKind(scope.kind)].lower()


def _label(field: str) -> str:
    return capfirst(str(Role._meta.get_field(field).verbose_name))  # type: ignore[union-attr]


def _shown(field: str, value: str) -> str:
    return label(CHOICES[field], value) if field in CHOICES else value


def _need(need: Need | None) -> str:
    """ "2 indehavere og en stedfortræder"; empty when there is no requirement."""
    if need is None:
        return ""
    holders = f"{need.holders} indehaver{'' if need.holders == 1 else 'e'}"
    return f"{holders} og en stedfortræder" if need.deputy else holders


def told(comparison: Comparison) -> dict[str, Any]:
    """The template's context for a comparison."""
    reader = _Reader(comparison)
    lost = sorted({code for role in comparison.roles for code in role.lost})
    return {
        "comparison": comparison,
        "new": reader.lines(How.NEW),
        "returned": reader.lines(How.RETURNED),
        "changed": reader.lines(How.CHANGED),
        "gone": reader.lines(How.GONE),
        "own": reader.lines(How.OWN),
        "kept": [line for line in map(reader.line, comparison.roles) if line.kept],
        "unchanged": comparison.counts[How.UNCHANGED],
        "lost": lost,
        "ending": comparison.ending,
        "nothing": all(role.how in (How.OWN, How.UNCHANGED) for role in comparison.roles),
    }


class EditionDetail(EditionView, views.DetailView):
    """What taking it into use would change; of one that has been in use, what it says."""

    template_name = "roles/edition_detail.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is None:
            return super().get(request, **kwargs)
        return self.exported(writer, self.get_object())  # type: ignore[return-value]

    def exported(self, writer: Any, obj: RoleEdition) -> HttpResponseBase:
        """The whole edition in the format that it is uploaded in."""
        names = [column.name for column in edition_file.COLUMNS]
        answer: HttpResponseBase = writer(
            f"rollekatalog-{obj.pk}", names, edition_file.exported(obj.entries.all())
        )
        return answer

    def get_context(self, obj: RoleEdition) -> dict[str, Any]:
        context: dict[str, Any] = {"tab": "overview", "may_not_archive": obj.state == EditionState.IN_USE}
        if obj.state == EditionState.PREPARED and not obj.is_archived:
            return context | told(catalogue.compare(obj, timezone.localdate()))
        return context | {"entries": list(obj.entries.order_by("name", "code"))}


class EditionCreate(EditionView, views.CreateView):
    """Upload a file. Every fault in it is named, and nothing is written while there is one."""

    template_name = "roles/edition_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.upload_page(EditionForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = EditionForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.upload_page(form, status=422)
        upload = form.upload
        read = edition_file.read(SourceFile(upload.name or "fil", upload.read()))
        if read.problems:
            return self.upload_page(form, read.problems, status=422)
        try:
            edition = catalogue.prepare(
                actor=_user(request),
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                entries=read.entries,
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.upload_page(form, status=422)
        messages.success(request, f"{edition} er indlæst. Intet er ændret i kataloget endnu.")
        return HttpResponseRedirect(self.url("detail", edition))

    def upload_page(self, form: EditionForm, problems: Sequence[Any] = (), status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "object": None,
            "problems": problems[:SHOWN_PROBLEMS],
            "problem_count": len(problems),
            "columns": [(column.name, column.name in edition_file.NEEDED) for column in edition_file.COLUMNS],
            "cancel_url": self.url("list"),
        }
        return self.page(context, status)


class EditionUse(EditionView):
    """The comparison again, with a reason and a yes."""

    action = "change"
    template_name = "roles/edition_use.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.confirm(self.get_object())

    def confirm(self, obj: RoleEdition, error: str = "", field: str = "", status: int = 200) -> HttpResponse:
        usable = obj.state == EditionState.PREPARED and not obj.is_archived
        context = {
            "object": obj,
            "usable": usable,
            "error": error,
            "error_field": field,
            "reason": self.request.POST.get("reason", ""),
            "keep": self.request.POST.get("assignments") == "keep",
            "cancel_url": self.url("detail", obj),
            **(told(catalogue.compare(obj, timezone.localdate())) if usable else {}),
        }
        return self.page(context, status)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self.get_object()
        reason = history.tidy(request.POST.get("reason", ""))
        if not reason:
            return self.confirm(obj, "Skriv, hvorfor udgaven tages i brug.", "reason", status=422)
        try:
            done = catalogue.take_into_use(
                edition=obj,
                actor=_user(request),
                on=timezone.localdate(),
                version=conflicts.submitted_version(request.POST),
                end_assignments=request.POST.get("assignments") == "end",
                seen=request.POST.get("seen", ""),
                reason=reason,
            )
        except CatalogueChangedError as error:
            return self.confirm(self.get_object(), str(error), status=409)
        counts = done.counts
        came = counts[How.NEW] + counts[How.RETURNED]
        messages.success(
            request,
            f"{obj} er taget i brug. {_roles(came)} kom til, {_roles(counts[How.CHANGED])} blev ændret,"
            f" og {_roles(counts[How.GONE])} gik ud.",
        )
        return HttpResponseRedirect(reverse("role-list"))


class EditionArchive(EditionView, views.ArchiveView):
    """Only one that is not in use."""

    refused = "Udgaven er i brug og kan ikke arkiveres. Tag en anden i brug først."


class EditionRestore(EditionArchive):
    restore = True


class EditionHistory(EditionView, views.HistoryView):
    pass


def _roles(count: int) -> str:
    return f"{count} rolle{'' if count == 1 else 'r'}"


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


__all__ = [
    "EditionArchive",
    "EditionCreate",
    "EditionDetail",
    "EditionHistory",
    "EditionList",
    "EditionRestore",
    "EditionUse",
]
