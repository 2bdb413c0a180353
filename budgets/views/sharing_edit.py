"""``/budget/<year>/<code>/fordeling/…``: how one component's cost is shared: written, archived, and its history."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from budgets import sharing_out
from budgets.forms.sharing import (
    MOST_ROWS,
    ROW_FIELD,
    ShareRow,
    SharingForm,
    find_all,
    parts_of,
    read_parts,
    written_parts,
)
from budgets.models import BudgetYear, SharePart, Sharing
from budgets.rights import may_see_amounts
from budgets.sharing_out import may_edit_sharing
from budgets.views.sharing import ComponentView
from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, formats, views
from foi_portal.ui.forms import SEPARATOR

BLANK_ROWS = 3


class SharingUpdate(ComponentView):
    """The key, and who pays how much, in one form.

    It carries the version of the key and the parts it was made from (``seen``), as parts can change without the
    key's own row. The year is locked meanwhile, so two people cannot both write the first one.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (may(request.user, "add", Sharing) and may(request.user, "change", Sharing)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, year: int, code: str) -> HttpResponse:
        self.judge()
        sharing = self.sharing()
        source = sharing or self.earlier(request.GET.get("fra", ""))
        initial = {} if source is None or sharing is not None else self.copied(source)
        form = SharingForm(instance=copy(sharing or self.fresh()), initial=initial)
        return self.form_page(form, self.rows(self.parts(source)), sharing)

    def post(self, request: HttpRequest, year: int, code: str) -> HttpResponse:
        with transaction.atomic():
            self.year = BudgetYear.objects.select_for_update(no_key=True).get(pk=self.year.pk)
            self.judge()
            return self.save()

    def judge(self) -> None:
        """The year's state decides too. Errors: 403."""
        if not may_edit_sharing(self.request.user, self.year):
            raise PermissionDenied

    def sharing(self) -> Sharing | None:
        return (
            Sharing.objects.filter(year=self.year, component=self.component)
            .select_related("component", "year")
            .first()
        )

    def fresh(self) -> Sharing:
        return Sharing(year=self.year, component=self.component)

    def earlier(self, asked: str) -> Sharing | None:
        """The key of the year that the address names, to start from."""
        number = int(asked) if asked.isdecimal() and len(asked) < 5 else 0
        return Sharing.objects.current().filter(year__year=number, component=self.component).first()

    @staticmethod
    def copied(source: Sharing) -> dict[str, Any]:
        return {name: getattr(source, name) for name in ("key", "departments_only", "note")}

    def parts(self, sharing: Sharing | None) -> dict[str, Decimal]:
        """The weights above 0 by organisation code, in Danish order."""
        rows = (
            SharePart.objects.filter(sharing=sharing, weight__gt=0) if sharing else SharePart.objects.none()
        )
        rows = rows.order_by("organisation__name", "organisation__code")
        return dict(rows.values_list("organisation__code", "weight"))

    # --- Save -----------------------------------------------------------------------------------------------

    def save(self) -> HttpResponse:
        post, sharing = self.request.POST, self.sharing()
        form = SharingForm(post, instance=copy(sharing or self.fresh()))  # it writes on the copy
        rows = self.posted_rows()
        find_all(rows)
        parts = parts_of(form, rows)
        if sharing is not None and not self.is_as_seen(sharing):
            return self.changed(sharing, form, rows)
        if parts is None:
            return self.form_page(form, rows, sharing, status=422)
        with history.recording(reason=post.get("reason", "")):
            changed = sharing_out.write_sharing(sharing=form.instance, parts=parts)
        if changed:
            messages.success(self.request, f"Fordelingen af {self.component} i {self.year.year} er gemt.")
        else:
            messages.info(self.request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(form.instance.get_absolute_url())

    def is_as_seen(self, sharing: Sharing) -> bool:
        seen = self.request.POST.get("seen")
        version = conflicts.submitted_version(self.request.POST)
        return version == sharing.version and seen == written_parts(self.parts(sharing))

    def posted_rows(self) -> list[ShareRow]:
        """The rows in which something is typed, numbered from 0; or those of the conflict page's one choice."""
        post = self.request.POST
        if "parts" in post:
            typed = list(read_parts(post["parts"]).items())
        else:
            numbers = sorted({int(match[1]) for match in map(ROW_FIELD.fullmatch, post) if match})
            typed = [(post.get(f"n{n}-organisation", ""), post.get(f"n{n}-weight", "")) for n in numbers]
            typed = [(who, weight) for who, weight in typed if who.strip() or weight.strip()]
        key = post.get("s-key", "")
        return [
            ShareRow(n, key, self.year.year, {f"n{n}-organisation": who, f"n{n}-weight": weight})
            for n, (who, weight) in enumerate(typed[:MOST_ROWS])
        ]

    def changed(self, sharing: Sharing, form: SharingForm, rows: list[ShareRow]) -> HttpResponse:
        """Somebody else has saved since the form was made."""
        last = self.last_change(sharing)
        if sharing.is_archived:
            who = last.actor if last is not None and last.actor else "Systemet"
            error = (
                f"{who} arkiverede fordelingen {formats.plain(sharing.archived_at)}: «{sharing.archive_reason}»."
                " Dit er ikke gemt, men står herunder. Gem igen, hvis fordelingen skal gælde."
            )
            return self.form_page(form, rows, sharing, error=error, status=409)
        conflict = conflicts.build(form, sharing, conflicts.submitted_version(self.request.POST))
        theirs, seen = written_parts(self.parts(sharing)), self.request.POST.get("seen")
        mine = written_parts_of(rows)
        difference = conflicts.Difference(
            name="parts",
            label="Hvem betaler",
            before=_shown(seen or ""),
            theirs=_shown(theirs),
            mine=_shown(mine),
            theirs_raw=theirs,
            mine_raw=mine,
            who=str(last.actor or "Systemet") if last is not None else "",
        )
        if mine not in (seen, theirs) and theirs != seen:
            conflict.both.append(difference)
        else:
            i_changed = mine != seen
            if mine != theirs:
                conflict.one.append((difference, i_changed))
            conflict.hidden.append(("parts", mine if i_changed else theirs))
        conflict.hidden.append(("seen", theirs))
        context = {
            "component": self.component,
            "object": sharing,
            "conflict": replace(conflict, last_change=last),
            "reason": self.request.POST.get("reason", ""),
            "cancel_url": sharing.get_absolute_url(),
        }
        return self.page("sharing_conflict", context, status=409)

    @staticmethod
    def last_change(sharing: Sharing) -> Change | None:
        return changes_of(sharing).select_related("actor").order_by("-id").first()

    # --- The page -------------------------------------------------------------------------------------------

    def rows(self, parts: dict[str, Decimal]) -> list[ShareRow]:
        """A row for each that pays, then the year's other forvaltninger, then empty ones."""
        units = sharing_out.Units()
        by_code = {unit.code: unit for unit in units.all.values()}
        filled = [(f"{code}{SEPARATOR}{by_code[code].name}", weight) for code, weight in parts.items()]
        offered = [
            (f"{unit.code}{SEPARATOR}{unit.name}", None)
            for unit in units.departments(self.year.year)
            if unit.code not in parts
        ]
        values = [*filled, *offered, *[("", None)] * BLANK_ROWS]
        return [
            ShareRow(n, "", self.year.year, initial={"organisation": who, "weight": weight})
            for n, (who, weight) in enumerate(values)
        ]

    def form_page(
        self,
        form: SharingForm,
        rows: list[ShareRow],
        sharing: Sharing | None,
        error: str = "",
        status: int = 200,
    ) -> HttpResponse:
        in_force = sharing if sharing is not None and not sharing.is_archived else None
        blank = [
            ShareRow(n, "", self.year.year, initial={})
            for n in range(len(rows), min(len(rows) + BLANK_ROWS, MOST_ROWS))
        ]
        other = Sharing.objects.current().filter(component=self.component, year__year__lt=self.year.year)
        context = {
            "component": self.component,
            "form": form,
            "rows": rows if status == 200 else [*rows, *blank],
            "object": in_force,
            "sharing": sharing,
            "seen": written_parts(self.parts(sharing)),
            "error": error,
            "row_errors": any(row.errors for row in rows if row.is_bound),
            "reason": self.request.POST.get("reason", ""),
            "earlier": None if in_force else other.select_related("year").order_by("-year__year").first(),
            "cancel_url": self.fresh().get_absolute_url(),
        }
        return self.page("sharing_form", context, status=status)


def written_parts_of(rows: list[ShareRow]) -> str:
    """What was typed, as a form carries it; what cannot be read stays as it was typed and is judged again."""
    parts = []
    for row in rows:
        code = row["organisation"].data.split(SEPARATOR, maxsplit=1)[0].strip().upper()
        weight = getattr(row, "cleaned_data", {}).get("weight")
        typed = row["weight"].data if weight is None else f"{weight.normalize():f}"
        if typed.strip() not in ("", "0"):
            parts.append((code, typed))
    return ";".join(f"{_bare(code)}={_bare(weight)}" for code, weight in sorted(parts))


def _bare(text: str) -> str:
    return text.replace(";", " ").replace("=", " ").strip()


def _shown(parts: str) -> str:
    return ", ".join(f"{code} {weight}" for code, weight in read_parts(parts).items())


def changes_of(sharing: Sharing) -> QuerySet[Change]:
    """The key's own changes and those of its parts."""
    parts = SharePart.objects.filter(sharing=sharing).order_by().values("pk")
    own = Q(table=Sharing._meta.db_table, row_id=sharing.pk)
    return Change.objects.filter(own | Q(table=SharePart._meta.db_table, row_id__in=parts))


class OneSharing(views.ModelView):
    """A key named by its year and component."""

    model = Sharing
    url_base = "sharing"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_amounts(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_object(self, action: str | None = None) -> Sharing:
        found: Sharing = get_object_or_404(
            Sharing.objects.select_related("year", "component"),
            year__year=self.kwargs["year"],
            component__code=self.kwargs["code"],
        )
        wanted = action or self.action
        if not may(self.request.user, wanted, found):
            raise PermissionDenied
        if wanted != "view" and not may_edit_sharing(self.request.user, found.year):
            raise PermissionDenied
        return found

    def url(self, verb: str, obj: Any = None) -> str:
        """There is no list and no page of a key: it stands on its component's page of the year."""
        if obj is not None:
            return str(obj.get_absolute_url())
        return reverse("sharing-list", args=[self.kwargs["year"]])


class SharingArchive(OneSharing, views.ArchiveView):
    """Stop sharing the component. Writing a key for it again takes the same one into use."""


class SharingHistory(OneSharing, views.HistoryView):
    template_name = "budgets/sharing_history.html"

    def changes(self, obj: Any) -> QuerySet[Change]:
        return changes_of(obj)


__all__ = ["SharingArchive", "SharingHistory", "SharingUpdate"]
