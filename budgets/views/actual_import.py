"""``/budget/<year>/forbrug/indlaes/``: a file of postings, shown before it is booked, taken back if it was wrong."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from budgets import correcting, posting
from budgets.importing.actuals import MOST_ROWS, PARTS, Sheet, fits, guess, read_sheet
from budgets.models import Actual, ActualImport, ColumnMapping
from budgets.views.year import YearPage
from foi_portal.core import history
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from registry.importing import SourceFile
from registry.importing.tables import Unreadable

SHOWN = 200
HOURS = 6 * 60 * 60  # so long a dry run may lie open
MOST_SIGNED = 2_000_000  # of a page's own field; Django refuses forms above 2.5 MB
GONE = "Prøvekørslen er udløbet eller hører til noget andet. Vælg filen igen."


class ImportPage(YearPage):
    """Choose a file, say once what its columns are, see what it would do, and say yes.

    The file travels with the page, packed and signed for this user and year, so nothing is kept of one that is
    given up.
    """

    model = Actual
    url_base = "actual"
    action = "add"

    @property
    def today(self) -> datetime.date:
        return timezone.localdate()

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            posting.refuse_unbookable(self.year, self.today)
        except posting.Refused as refused:
            return self.start(closed=str(refused))
        return self.start()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            posting.refuse_unbookable(self.year, self.today)
        except posting.Refused as refused:
            return self.start(str(refused))
        if "sheet" not in request.POST:
            return self.take()
        try:
            sheet = Sheet(**signing.loads(request.POST["sheet"], salt=self.salt, max_age=HOURS))
        except (signing.BadSignature, TypeError):
            return self.start(GONE)
        if "columns" in request.POST:
            return self.map(sheet)
        if "again" in request.POST:
            return self.choose(sheet)
        return self.commit(sheet)

    def show(self, name: str, context: dict[str, Any]) -> HttpResponse:
        self.template_name = f"budgets/actuals_{name}.html"
        return self.page(context, status=422 if context.get("error") else 200)

    @property
    def salt(self) -> str:
        return f"actuals-{self.user.pk}-{self.year.pk}"

    def start(self, error: str = "", closed: str = "") -> HttpResponse:
        return self.show("import", {"error": error, "closed": closed, "most": MOST_ROWS})

    def take(self) -> HttpResponse:
        upload = self.request.FILES.get("file")
        if not isinstance(upload, UploadedFile):
            return self.start("Vælg en fil.")
        try:
            sheet = read_sheet(SourceFile(upload.name or "fil", upload.read()))
        except Unreadable as error:
            return self.start(str(error))
        mapping = ColumnMapping.objects.filter(headers=sheet.shape).first()
        if mapping and fits(mapping.columns, sheet.header):
            return self.dry_run(sheet, mapping)
        return self.choose(sheet)

    def signed(self, sheet: Sheet) -> str:
        """The sheet as the page carries it. Errors: ``Unreadable`` when it is too much for one."""
        content = {"file": sheet.file, "header": sheet.header, "rows": sheet.rows, "faults": sheet.faults}
        signed = signing.dumps(content, salt=self.salt, compress=True)
        if len(signed) > MOST_SIGNED:
            raise Unreadable("Filen fylder for meget til at blive læst på én gang. Del den i flere.")
        return signed

    def choose(self, sheet: Sheet, error: str = "") -> HttpResponse:
        """Ask what the columns are."""
        found = ColumnMapping.objects.filter(headers=sheet.shape).first()
        now = {part: self.request.POST.get(part, "") for part in PARTS} if error else {}
        now = now or (found.columns if found else guess(sheet.header))
        try:
            signed = self.signed(sheet)
        except Unreadable as too_much:
            return self.start(str(too_much))
        parts = [(part, label, required, now.get(part, "")) for part, (label, required) in PARTS.items()]
        context = {"sheet": sheet, "signed": signed, "parts": parts, "error": error, "sample": sheet.rows[:5]}
        context["header"] = [heading for heading in sheet.header if heading]
        return self.show("columns", context)

    def map(self, sheet: Sheet) -> HttpResponse:
        columns = {part: heading for part in PARTS if (heading := self.request.POST.get(part, ""))}
        if not fits(columns, sheet.header):
            return self.choose(sheet, "Vælg beløb og måned, og brug hver kolonne højst én gang.")
        name = f"{sheet.file[:150]} ({sheet.shape[:8]})"
        mapping, made = ColumnMapping.objects.get_or_create(
            headers=sheet.shape, defaults={"name": name, "columns": columns}
        )
        if not made and mapping.columns != columns:
            mapping.columns = columns
            mapping.save(update_fields=["columns"])
        return self.dry_run(sheet, mapping)

    def dry_run(self, sheet: Sheet, mapping: ColumnMapping, error: str = "") -> HttpResponse:
        try:
            signed = self.signed(sheet)
        except Unreadable as too_much:
            return self.start(str(too_much))
        booking = posting.plan(sheet, mapping.columns, self.year, self.today)
        context = {
            "sheet": sheet,
            "signed": signed,
            "booking": booking,
            "digest": booking.digest(),
            "faults": booking.faults[:SHOWN],
            "waiting": booking.unplaced[:SHOWN],
            "alike": booking.alike[:SHOWN],
            "answered": self.request.POST,
            "error": error,
            "columns": [(PARTS[part][0], heading) for part, heading in mapping.columns.items()],
        }
        return self.show("dry_run", context)

    def commit(self, sheet: Sheet) -> HttpResponse:
        mapping = ColumnMapping.objects.filter(headers=sheet.shape).first()
        if mapping is None or not fits(mapping.columns, sheet.header):
            return self.choose(sheet)
        post = self.request.POST
        answers = posting.Answers(
            leave_out="leave_out" in post,
            book_alike={"book": True, "skip": False}.get(post.get("alike", "")),
            sure="sure" in post,
        )
        try:
            with transaction.atomic():
                done = posting.book(
                    sheet=sheet,
                    columns=mapping.columns,
                    year=self.year,
                    actor=self.user,
                    on=self.today,
                    expected=post.get("plan", ""),
                    answers=answers,
                )
        except posting.Refused as refused:
            return self.dry_run(sheet, mapping, str(refused))
        except IntegrityError:  # the same file, read by somebody else in the same second
            return self.dry_run(
                sheet, mapping, "En anden har læst de samme rækker imens. Se den nye prøvekørsel."
            )
        if done is None:
            messages.info(self.request, "Der var ingen nye rækker. Intet er ændret.")
            return self.to("actual-list")
        added, unplaced = formats.plain(done.added), formats.plain(done.unplaced)
        told = f"{added} posteringer er indlæst." if done.added != 1 else "1 postering er indlæst."
        if done.unplaced:
            messages.success(self.request, f"{told} {unplaced} af dem skal placeres her.")
            return self.to("actual-unplaced")
        messages.success(self.request, told)
        return self.to("actual-import-detail", done.pk)


class ImportDetail(YearPage):
    """A file that was read: what became of it. Taking it back is an act with a reason."""

    model = ActualImport
    url_base = "actual-import"
    template_name = "budgets/actuals_file.html"

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        return rows.select_related("year", "by", "taken_back_by")

    def url(self, verb: str, obj: Any = None) -> str:
        return self.address("actual-list") if verb == "list" else super().url(verb, obj)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.get_object())

    def show(self, obj: ActualImport, error: str = "", status: int = 200) -> HttpResponse:
        standing = Actual.objects.filter(batch=obj).standing()
        closed = ""
        try:
            posting.refuse_unbookable(self.year, timezone.localdate())
        except posting.Refused as refused:
            closed = str(refused)
        context = {
            "object": obj,
            "error": error,
            "closed": closed,
            "standing": standing.aggregate(count=Count("pk"), total=Sum("amount")),
            "waiting": standing.filter(line=None).count(),
            "may_take_back": not closed and obj.taken_back_at is None and may(self.user, "change", obj),
            "reason": self.request.POST.get("reason", ""),
        }
        return self.page(context, status)


class ImportTakeBack(ImportDetail):
    http_method_names = ("post", "options")
    action = "change"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        reason = history.tidy(request.POST.get("reason", ""))
        try:
            count = correcting.take_back(batch=obj, reason=reason, on=timezone.localdate(), actor=self.user)
        except posting.Refused as refused:
            return self.show(self.get_object(), str(refused), 409 if reason else 422)
        messages.success(
            request, f"{obj.file_name} er taget tilbage: {formats.plain(count)} posteringer er tilbageført."
        )
        return self.to("actual-import-detail", obj.pk)
