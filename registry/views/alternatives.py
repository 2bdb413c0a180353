"""Alternatives: which of an asset's dependencies can stand in for each other, and how many of them must work."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.ui import conflicts, formats, views
from registry import queries
from registry.forms import AlternativesForm
from registry.models import AlternativeGroup, Asset, Dependency
from registry.rights import may_edit_dependencies
from registry.views.components import ComponentView
from registry.views.systems import SystemView


@dataclass(frozen=True)
class Shown:
    """A group as the page tells of it: its members, what must work, and what that means today."""

    group: AlternativeGroup
    rows: list[Dependency]
    among: int
    meaning: str
    weak: bool  # there is nothing in reserve


class Alternatives(views.ModelView):
    """All groups of one asset; one at a time is edited, made or dissolved, each in one POST and one change set.

    A form carries the group's version and the members it was made from (``seen``), as members can change without
    the group's own row. Without script too.
    """

    template_name = "registry/alternatives.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asset = self.get_object()
        rows, groups = self.rows(asset), self.groups(asset)
        form = None
        if self.may_change(asset):
            wanted = next((g for g in groups if str(g.pk) == request.GET.get("gruppe")), None)
            if wanted is not None and not wanted.is_archived:
                form = self.form(wanted, rows, groups)
            elif "ny" in request.GET:
                form = self.form(AlternativeGroup(source=asset), rows, groups)
        return self.alternatives_page(asset, rows, groups, form)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asset = self.get_object()
        if not may_edit_dependencies(request.user, asset):
            raise PermissionDenied
        with transaction.atomic():
            lock = self.model._default_manager.select_for_update(
                no_key=True
            )  # one page of it is saved at a time
            asset.refresh_from_db(from_queryset=lock)
            rows = self.rows(asset, lock=True)
            groups = self.groups(asset)
            if asset.is_archived:
                messages.error(request, f"{asset} er arkiveret. Gendan det først.")
                return self.alternatives_page(asset, rows, groups, status=409)
            group = self.named(groups)
            if "dissolve" in request.POST and group is not None:
                return self.dissolve(asset, group, rows, groups)
            return self.save(asset, group, rows, groups)

    def may_change(self, asset: Asset) -> bool:
        """Whether the page offers its forms."""
        return not asset.is_archived and may_edit_dependencies(self.request.user, asset)

    def rows(self, asset: Asset, lock: bool = False) -> list[Dependency]:
        """All that the asset has ever used, archived rows too, so that the page can say what became of them."""
        rows = Dependency.objects.filter(source=asset).select_related("target")
        if lock:
            rows = rows.select_for_update(of=("self",), no_key=True)
        return list(rows.order_by("target__name", "target__code", "id"))

    def groups(self, asset: Asset) -> list[AlternativeGroup]:
        groups = AlternativeGroup.objects.filter(source=asset).order_by("name", "id")
        return list(groups)

    def named(self, groups: list[AlternativeGroup]) -> AlternativeGroup | None:
        """The group that the form is about; None for a new one."""
        key = self.request.POST.get("group", "")
        if not key:
            return None
        for group in groups:
            if str(group.pk) == key:
                return group
        raise Http404("Gruppen findes ikke.")

    def form(
        self,
        group: AlternativeGroup,
        rows: list[Dependency],
        groups: list[AlternativeGroup],
        data: Any = None,
    ) -> AlternativesForm:
        return AlternativesForm(data, instance=copy(group), rows=rows, groups=groups)  # it writes on the copy

    # --- Save -----------------------------------------------------------------------------------------------

    def save(
        self,
        asset: Asset,
        group: AlternativeGroup | None,
        rows: list[Dependency],
        groups: list[AlternativeGroup],
    ) -> HttpResponse:
        post = self.request.POST
        if group is not None and group.is_archived:
            return self.gone(asset, group, rows, groups)
        form = self.form(group or self.fresh(asset, groups), rows, groups, post)
        valid = form.is_valid()
        if group is not None and not self.is_as_seen(group, form.present):
            return self.conflict_page(asset, group, form)
        if not valid:
            return self.alternatives_page(asset, rows, groups, form, status=422)
        try:
            with history.recording(reason=post.get("reason", "")):
                changed = self.write(form)
        except IntegrityError:  # written from elsewhere in the same moment
            messages.error(self.request, "Nogen gemte noget i samme øjeblik, som står i vejen. Gem igen.")
            return self.alternatives_page(asset, rows, groups, form, status=409)
        if changed:
            of = form.count(form.cleaned_data["members"])
            text = f"«{form.instance}» er gemt: {form.instance.needed} af {of} skal virke."
            messages.success(self.request, text)
        else:
            messages.info(self.request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(self.url("alternatives", asset))

    def fresh(self, asset: Asset, groups: list[AlternativeGroup]) -> AlternativeGroup:
        """A new group, or the dissolved one that had the name: it is taken up again."""
        name = " ".join(self.request.POST.get("name", "").split()).casefold()
        return next(
            (g for g in groups if g.is_archived and g.name.casefold() == name), AlternativeGroup(source=asset)
        )

    def is_as_seen(self, group: AlternativeGroup, members: list[int]) -> bool:
        """Whether the group is still as the form was made from it."""
        return conflicts.submitted_version(self.request.POST) == group.version and self.seen() == members

    def seen(self) -> list[int] | None:
        """The members that the form was made from; None when it does not say."""
        text = self.request.POST.get("seen")
        return (
            None if text is None else sorted(int(k) for k in text.split(",") if k.isdecimal() and len(k) < 19)
        )

    def write(self, form: AlternativesForm) -> int:
        """Write what differs; how many rows that is."""
        group: AlternativeGroup = form.instance
        keys, before = set(form.cleaned_data["members"]), set(form.present)
        changed = len(keys ^ before)
        if group.pk is None or group.is_archived or form.has_changed():
            group.archived_at, group.archive_reason = None, ""
            group.save()
            changed += 1
        Dependency.objects.filter(pk__in=keys - before).update(alternatives=group)
        Dependency.objects.filter(pk__in=before - keys).update(alternatives=None)
        return changed

    def dissolve(
        self, asset: Asset, group: AlternativeGroup, rows: list[Dependency], groups: list[AlternativeGroup]
    ) -> HttpResponse:
        """Archive the group with a reason and free its members, in one change set."""
        if group.is_archived:
            messages.info(self.request, f"«{group}» er allerede opløst.")
            return HttpResponseRedirect(self.url("alternatives", asset))
        form = self.form(group, rows, groups)
        reason = history.tidy(self.request.POST.get("reason", ""))
        error, status = "", 422
        if not self.is_as_seen(group, form.present):
            error, status = (
                f"{self.last_saver(group, form.present)} har rettet «{group}» imens. Se den igen.",
                409,
            )
        elif not reason:
            error = "Skriv, hvorfor gruppen opløses."
        if error:
            return self.alternatives_page(asset, rows, groups, form, dissolve_error=error, status=status)
        with history.recording(reason=reason):
            Dependency.objects.filter(pk__in=form.present).update(alternatives=None)
            AlternativeGroup.objects.filter(pk=group.pk).update(
                archived_at=timezone.now(), archive_reason=reason
            )
        messages.success(self.request, f"«{group}» er opløst. Afhængighederne står hver for sig igen.")
        return HttpResponseRedirect(self.url("alternatives", asset))

    # --- Two people at once ---------------------------------------------------------------------------------

    def gone(
        self, asset: Asset, group: AlternativeGroup, rows: list[Dependency], groups: list[AlternativeGroup]
    ) -> HttpResponse:
        """Dissolved since the form was opened: what was typed stays, as a group to be made again."""
        form = self.form(group, rows, groups, self.request.POST)
        last = history.changes_of(group).select_related("actor").first()
        who = last.actor if last is not None and last.actor else "Systemet"
        text = (
            f"{who} opløste «{group}» {formats.plain(group.archived_at)}: «{group.archive_reason}»."
            " Dine rettelser er ikke gemt, men står herunder. Opret gruppen igen, hvis den skal være der."
        )
        return self.alternatives_page(asset, rows, groups, form, error=text, status=409)

    def conflict_page(self, asset: Asset, group: AlternativeGroup, form: AlternativesForm) -> HttpResponse:
        """Both have changed the group: name and number field by field, the members as one choice."""
        theirs, seen = form.present, self.seen()
        mine = sorted({int(key) for key in form["members"].data or () if self.is_row(key, form)})
        del form.fields["members"]  # the rest is the group's own row
        conflict = conflicts.build(form, group, conflicts.submitted_version(self.request.POST))
        last = self.last_change(group, theirs)
        difference = conflicts.Difference(
            name="members",
            label="Hører med",
            before="" if seen is None else self.names(seen, form),
            theirs=self.names(theirs, form),
            mine=self.names(mine, form),
            theirs_raw=_joined(theirs),
            mine_raw=_joined(mine),
            who=str(last.actor or "Systemet") if last is not None else "",
        )
        if mine not in (seen, theirs) and theirs != seen:
            conflict.both.append(difference)
        else:
            i_changed = mine != seen
            if mine != theirs:
                conflict.one.append((difference, i_changed))
            conflict.hidden.append(("members", _joined(mine if i_changed else theirs)))
        self.template_name = "registry/alternatives_conflict.html"
        context = {
            "object": asset,
            "group": group,
            "conflict": replace(conflict, last_change=last),
            "seen": _joined(theirs),
            "reason": self.request.POST.get("reason", ""),
            "cancel_url": self.url("alternatives", asset),
        }
        return self.page(context, status=409)

    @staticmethod
    def is_row(key: Any, form: AlternativesForm) -> bool:
        return str(key).isdecimal() and len(str(key)) < 19 and int(key) in form.rows

    @staticmethod
    def names(keys: Iterable[int], form: AlternativesForm) -> str:
        return ", ".join(sorted(str(form.rows[key].target) for key in keys if key in form.rows))

    def last_change(self, group: AlternativeGroup, members: Collection[int]) -> Change | None:
        """The last change of the group or of who belongs to it."""
        moved = {*members} ^ {*(self.seen() or ())}
        changes = history.changes_of(group) | Change.objects.filter(
            table=Dependency._meta.db_table, row_id__in=moved
        )
        return changes.select_related("actor").order_by("-id").first()

    def last_saver(self, group: AlternativeGroup, members: Collection[int]) -> str:
        last = self.last_change(group, members)
        return str(last.actor) if last is not None and last.actor else "Systemet"

    # --- The page -------------------------------------------------------------------------------------------

    def alternatives_page(
        self,
        asset: Asset,
        rows: list[Dependency],
        groups: list[AlternativeGroup],
        form: AlternativesForm | None = None,
        error: str = "",
        dissolve_error: str = "",
        status: int = 200,
    ) -> HttpResponse:
        today = timezone.localdate()
        ongoing = {row.target_id for row in rows if not row.has_ended(today)}
        group = form.instance if form is not None else None
        return self.page(
            {
                "object": asset,
                "shown": self.shown(asset, rows, groups),
                "form": form,
                "editing": group if group is not None and group.pk and not group.is_archived else None,
                "seen": _joined(form.present) if form is not None else "",
                "error": error,
                "dissolve_error": dissolve_error,
                "reason": self.request.POST.get("reason", ""),
                "may_change": self.may_change(asset),
                "enough": len(ongoing) > 1,
                "cancel_url": self.url("alternatives", asset),
                "today": today,
            },
            status=status,
        )

    def shown(self, asset: Asset, rows: list[Dependency], groups: list[AlternativeGroup]) -> list[Shown]:
        today = timezone.localdate()
        running = set(queries.running_alternatives(asset, today))
        found = []
        for group in groups:
            if group.is_archived:
                continue
            members = [row for row in rows if row.alternatives_id == group.pk]
            among = {row.target_id for row in members if not row.has_ended(today)}
            working = len({row.target_id for row in members if row.pk in running})
            weak = working <= group.needed
            found.append(Shown(group, members, len(among), _meaning(asset, group.needed, working), weak))
        return found


def _joined(keys: Iterable[int]) -> str:
    return ",".join(map(str, keys))


def _meaning(asset: Asset, needed: int, working: int) -> str:
    """What a failure means for the asset when so many alternatives are in operation."""
    if not working:
        return "Ingen af dem er i drift i dag, så gruppen betyder intet endnu."
    if working > needed:
        spare = working - needed
        lost = "én svigter" if spare == 1 else f"{spare} svigter"
        return f"{asset} klarer sig, selv om {lost}."
    if working == 1:
        return f"Kun én er i drift i dag, så der er intet alternativ: svigter den, rammes {asset}."
    short = "" if working == needed else f", og der skal bruges {needed}"
    return f"Der er ingen i reserve: {working} er i drift i dag{short}. Svigter én, rammes {asset}."


class SystemAlternatives(SystemView, Alternatives):
    pass


class ComponentAlternatives(ComponentView, Alternatives):
    pass
