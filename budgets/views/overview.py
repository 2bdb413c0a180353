"""``/budget/``, ``/budget/<year>/`` and ``/budget/<year>/<code>/``: what a year costs, in whole and by component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from budgets import deviations, figures, kept, news, picture, rollup, visiting, words, year_sums
from budgets.filters.overview import (
    DEVIATING,
    LIST,
    ONLY,
    UNCLARIFIED,
    UNEXPLAINED,
    UNKNOWN,
    Address,
    YearForm,
)
from budgets.models import BudgetLine, BudgetYear, YearDecision, YearState
from budgets.panels import ComponentYear
from budgets.panels.years import marks
from budgets.picture import Picture
from budgets.rights import may_describe_lines, may_edit_lines, may_see_amounts
from budgets.rollup import Detail, Line, Node
from budgets.tables.overview import Table
from budgets.views.exports import FORMATS
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from foi_portal.ui.filters import tags_of
from foi_portal.ui.panels import panels_on
from foi_portal.ui.views import paginate
from registry.models import Asset

MOST_ROWS = 300  # of the table on one page; beyond it, it is rolled up
PAGE = 100
NEWS = 6
# the parts of a component's year below its lines, by the panel that makes them: label and id
JUMPS = {
    "adjustments": [("Ændringer", "aendringer")],
    "actuals": [("Forbrug", "forbrug")],
    "prices": [("Pris", "pris")],
    "sharing": [("Hvem betaler", "fordeling"), ("Brugere", "brugere")],
    "gains": [("Gevinster", "gevinster")],
    "agreements": [("Aftaler", "aftaler")],
    "responsibility": [("Budgetansvar", "budgetansvar")],
}
BESIDE_CHART = 2  # panels at the side that stand beside the chart; the others stand further down


class AmountsView(View):
    """A page with kroner on it: only for those who may see amounts."""

    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_amounts(request.user) or not isinstance(request.user, User):
            raise PermissionDenied
        self.user = request.user
        return super().dispatch(request, *args, **kwargs)

    def page(self, name: str, context: dict[str, Any]) -> HttpResponse:
        return render(self.request, f"budgets/overview_{name}.html", context | {"section": "budget"})

    def by(self) -> tuple[int, list[tuple[str, str, bool]]]:
        """What the years' chart is divided by, and the two ways there are: label, address, whether it is this one."""
        here = Address(self.request.path, self.request.GET)
        by = figures.BY_FUNDING if self.request.GET.get("opdel") == "finansiering" else figures.BY_TYPE
        choices = (
            ("omkostningstype", figures.BY_TYPE, here(opdel=None)),
            ("finansiering", figures.BY_FUNDING, here(opdel="finansiering")),
        )
        return by, [(label, f"{url}#h-years", way == by) for label, way, url in choices]


class Years(AmountsView):
    """Every budget year with its state, what was budgeted and what came of it, as a chart and a table."""

    def get(self, request: HttpRequest) -> HttpResponse:
        every = list(year_sums.every())
        by, ways = self.by()
        current = next((one.year for one in reversed(every) if one.state == YearState.APPROVED), None)
        years = [(one, deviations.percent(one.actual, one.revised)) for one in reversed(every)]
        context = {
            "years": years,
            "budgeted": any(not one.is_estimate for one in every),
            "development": figures.development(every[-year_sums.MOST :], current, by),
            "ways": ways,
            "current": current,
            "cents": words.has_cents(
                amount for one in every for amount in (one.original, one.revised, one.actual)
            ),
            "may_add": may(request.user, "add", BudgetYear),
            "import_url": import_url(self.user),
            "panels": panels_on("budget-list", request, None),
        }
        return self.page("list", context)


class Year(AmountsView):
    """One year on one screen. ``?_export=`` gives its lines as CSV or workbook, or the report; exactly those chosen."""

    budget: BudgetYear
    found: Picture
    form: YearForm
    here: Address

    def get(self, request: HttpRequest, year: int) -> HttpResponseBase:
        self.budget = get_object_or_404(BudgetYear, year=year)
        version = kept.version()
        self.found = picture.shown(request, self.budget, version)
        self.form = YearForm(request.GET, self.found)
        self.here = Address(request.path, request.GET)
        lines = self.form.chosen()
        tags = tags_of(self.form, request.GET, self.form.meant)
        export = FORMATS.get(request.GET.get("_export", ""))
        if export is not None:
            return export(request, self.budget, self.found, lines, tags)
        top = self.found.tree(lines)
        by, ways = self.by()
        every = year_sums.every(version)
        now = timezone.now()
        since = visiting.last(self.user, self.budget, now=now)
        acts, more = news.acts(self.budget, self.found, since, NEWS)
        story = list(
            YearDecision.objects.filter(year=self.budget).select_related("by").order_by("-at", "-pk")
        )
        panels = panels_on("budget-year", request, self.budget)
        context = {
            "year": self.budget,
            "found": self.found,
            "sums": self.found.sums,
            "cents": self.found.cents,
            **key_figures(self.found),
            **self.lines_table(lines, top),
            "tags": tags,
            "form": self.form,
            "here_url": request.path,
            "hidden": [
                (name, value)
                for name, value in request.GET.items()
                if name in ("kun", "opdel", "platform") and value
            ],
            "only": self.choices(),
            "development": figures.development(
                year_sums.around(every, self.budget.year), self.budget.year, by
            ),
            "ways": ways,
            "financing": self.financing(top),
            "import_url": import_url(self.user),
            "export_urls": {name: self.here(_export=name) for name in FORMATS},
            "marks": marks(self.budget, story),
            "may_edit": may_edit_lines(self.user, self.budget),
            "since": since,
            "acts": acts,
            "more_acts": more,
            "beside_chart": panels["side"][:BESIDE_CHART],
            "beside_money": panels["side"][BESIDE_CHART:],
            "panels": panels,
        }
        return self.page("year", context)

    def lines_table(self, lines: Sequence[Line], top: list[Node]) -> dict[str, Any]:
        """The table: as a tree as far down as there is room for, or line after line in pages."""
        detail = rollup.detail_within(top, MOST_ROWS)
        flat = self.request.GET.get("vis") == LIST
        explain = may(self.request.user, "change", BudgetLine)
        table = Table(self.found, self.here, explain, self.found.cents, Detail.LINES if flat else detail)
        pages: Page[Any] | None
        if flat:
            pages = paginate(lines, self.request.GET, PAGE)
            body = table.flat(pages.object_list)
        else:
            pages = paginate(top, self.request.GET, MOST_ROWS) if detail == Detail.PROVIDERS else None
            body = table.body(rollup.rows(list(pages.object_list) if pages else top, detail))
        return {
            "heads": table.heads,
            "body": body,
            "total": table.total(rollup.together(top)),
            "count": len(lines),
            "flat": flat,
            "pages": pages,
            "rolled_up": not flat and detail < Detail.LINES,
            "detail": detail.name.lower(),
            "flat_url": self.here(vis=LIST),
            "tree_url": self.here(vis=None),
        }

    def choices(self) -> list[tuple[str, str, int, bool]]:
        """What the lines can be narrowed to, where there are any: words, address, how many, whether it is chosen."""
        chosen = self.form.cleaned_data.get("kun", "")
        base = self.form.chosen(only="")
        found = []
        for name in ("", *ONLY):
            count = sum(self.form.is_one(line, name) for line in base)
            if count or name == chosen or not name:
                # so many lines are a list; a table of them would be rolled up
                listed = LIST if name and count > MOST_ROWS else None
                label = ONLY[name] if name else "alle"
                found.append((label, self.here(kun=name, vis=listed), count, name == chosen))
        return found

    def financing(self, top: list[Node]) -> figures.Financing:
        """Who pays for which providers; for one provider chosen, which platforms."""
        if len(top) == 1 and (
            self.form.cleaned_data.get("udbyder") or self.form.cleaned_data.get("platform")
        ):
            top = top[0].below
        return figures.financing(
            top,
            address=lambda funding: self.here(finansiering=funding, vis=None),
            goal=self.goal,
        )

    def goal(self, node: Node) -> str:
        if node.depth:
            return reverse("budget-component", args=[self.budget.year, node.place.code])
        return self.here(udbyder=node.place.code, vis=None)


def import_url(user: User) -> str:
    """Where the user may import budget lines; "" for who may not."""
    return reverse("import") if user.has_perms(["registry.add_importjob", "budgets.add_budgetline"]) else ""


def key_figures(found: Picture) -> dict[str, Any]:
    """What stands at the top: per cents, and what is unclarified."""
    sums = found.sums
    return {
        "used": words.percent(deviations.percent(sums.actual, sums.revised), plus=False),
        "deviates": words.percent(deviations.percent(sums.deviation, sums.revised)),
        "change_share": words.percent(deviations.percent(sums.change, sums.before)),
        "changed": None if sums.revised is None or sums.original is None else sums.revised - sums.original,
        "unclarified": found.unclarified_sums,
        "unclarified_components": len(set(found.unclarified.values())),
        "month": words.MONTHS[found.month - 1] if found.month else "",
        "only_urls": {
            "deviating": f"?kun={DEVIATING}#linjer",
            "unexplained": f"?kun={UNEXPLAINED}#linjer",
            "unclarified": f"?kun={UNCLARIFIED}#linjer",
            "unknown": f"?kun={UNKNOWN}#linjer",
        },
    }


class Component(AmountsView):
    """One component's part of the year, what is below it, and its budget in the other years."""

    def get(self, request: HttpRequest, year: int, code: str) -> HttpResponse:
        budget = get_object_or_404(BudgetYear, year=year)
        component = get_object_or_404(Asset.objects.components().select_related("provider"), code=code)
        found = picture.shown(request, budget)
        facts = {line.key: line for line in found.lines if line.component == component.pk}
        lines = BudgetLine.objects.filter(pk__in=list(facts)).select_related("unit")
        rows = [(line, facts[line.pk]) for line in lines.order_by("cost_type", "funding", "pk")]
        sums = rollup.summed(facts.values())
        by, ways = self.by()
        years = year_sums.of_component(component)
        development = figures.development(year_sums.around(years, year), year, by)
        belonging = around(found, component.pk)
        panels = panels_on("budget-component", request, ComponentYear(budget, component))
        context = {
            "year": budget,
            "component": component,
            "found": found,
            "rows": rows,
            "sums": sums,
            "used": words.percent(deviations.percent(sums.actual, sums.revised), plus=False),
            "deviates": words.percent(deviations.percent(sums.deviation, sums.revised)),
            "explain": may(request.user, "change", BudgetLine),
            "may_edit": may_edit_lines(request.user, budget),
            "may_describe": may_describe_lines(request.user, budget),
            "unclarified": component.pk in found.unclarified,
            "development": development,
            "ways": ways,
            "years": [(one.year, one.year == year) for one in years if one.state],
            "panels": panels,
            "jumps": [
                *([("Moduler", "moduler")] if belonging["modules"] else []),
                *(
                    jump
                    for panel in (*panels["main"], *panels["side"])
                    for jump in JUMPS.get(panel["key"], ())
                ),
                *([("År for år", "aar")] if development else []),
            ],
            **belonging,
        }
        return self.page("component", context)


def around(found: Picture, component: int) -> dict[str, Any]:
    """What the component belongs to, the top first, and what below it in the module tree has lines of its own."""
    modules: dict[int, list[Line]] = {}
    for line in found.lines:
        if line.component != component and component in rollup.chain(line.component, found.places):
            modules.setdefault(line.component, []).append(line)
    below = [(found.places[key], rollup.summed(lines)) for key, lines in modules.items()]
    own = [line for line in found.lines if line.component == component]
    return {
        "above": [found.places[key] for key in rollup.chain(component, found.places)[:-1]],
        "modules": below,
        "with_modules": rollup.summed([*own, *(line for lines in modules.values() for line in lines)]),
    }


__all__ = ["AmountsView", "Component", "Year", "Years", "key_figures"]
