"""``/import/``: choose files, see what they would do, carry it out. Workers do the work; these pages show it."""

from __future__ import annotations

import csv
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import View

from foi_portal.core.models import User
from foi_portal.core.permissions import may
from foi_portal.ui.export import safe
from registry.importing import SourceFile, jobs
from registry.importing.formats import FORMATS
from registry.models import ImportFile, ImportJob, ImportState

MAX_FILES = 10
RECENT = 15
SHOWN_PROBLEMS = 500
PROBLEM_COLUMNS = ("file", "row", "column", "value", "message")


class ImportView(View):
    """Only who may add and change the registry's rows may import; the permission stands for that. Formats of apps
    above may need more."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "add", ImportJob):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_job(self, pk: uuid.UUID) -> ImportJob:
        """The job, if the user may see and import all that is in its files."""
        job = get_object_or_404(all_jobs(), pk=pk)
        if not self.request.user.has_perms(job.report.get("needs", [])):
            raise PermissionDenied
        return job


def all_jobs() -> QuerySet[ImportJob]:
    """Jobs with people and files, without the files' bytes and the list of faults, which are fetched if needed."""
    files = ImportFile.objects.defer("content")
    return (
        ImportJob.objects.select_related("uploaded_by", "accepted_by")
        .prefetch_related(Prefetch("files", files))
        .defer("problems")
    )


def signed_in(request: HttpRequest) -> User:
    """The user, who is signed in: the permission has been asked for."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class ImportStart(ImportView):
    """The form for files, and the latest imports."""

    def get(self, request: HttpRequest, error: str = "") -> HttpResponse:
        context = {
            "error": error,
            "recent": all_jobs().defer("report")[:RECENT],
            "formats": FORMATS.values(),
            "max_files": MAX_FILES,
        }
        return render(request, "registry/import.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        uploads = [u for u in request.FILES.getlist("files") if isinstance(u, UploadedFile)]
        if not uploads:
            return self.get(request, error="Vælg mindst én fil.")
        if len(uploads) > MAX_FILES:
            return self.get(request, error=f"Vælg højst {MAX_FILES} filer ad gangen.")
        files = [SourceFile(upload.name or "fil", upload.read()) for upload in uploads]
        return HttpResponseRedirect(jobs.upload(files=files, actor=signed_in(request)).get_absolute_url())


class ImportJobPage(ImportView):
    """One import, whatever state it is in. Asked for by htmx, only the part that changes."""

    def get(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        job = self.get_job(pk)
        if jobs.take_up(job, timezone.now()):
            job = self.get_job(pk)
        context: dict[str, Any] = {"job": job, "report": job.report, "progress": jobs.progress_of(job)}
        if job.state == ImportState.REJECTED:
            context |= {"problems": job.problems[:SHOWN_PROBLEMS], "kept": len(job.problems)}
        part = "_body" if request.headers.get("HX-Request") else ""
        return render(request, f"registry/import_job{part}.html", context)


class ImportCommit(ImportView):
    """Say yes to the dry run."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        job = self.get_job(pk)
        # What the person saw is what they say yes to: a newer dry run must be looked at first.
        seen = request.POST.get("plan") == job.plan_digest
        if not (
            seen
            and job.may_be_accepted
            and jobs.accept(job, actor=signed_in(request), reason=request.POST.get("reason", ""))
        ):
            messages.warning(request, "Importen er ikke sat i gang, for den har ændret sig. Se på den igen.")
        return HttpResponseRedirect(job.get_absolute_url())


class ImportDiscard(ImportView):
    """Drop an import that has not been carried out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        job = self.get_job(pk)
        if jobs.discard(job):
            messages.success(request, "Importen er kasseret. Intet er indlæst.")
        else:
            messages.warning(request, "Importen kan ikke kasseres nu.")
        return HttpResponseRedirect(job.get_absolute_url())


class ImportErrors(ImportView):
    """Every fault as CSV, to correct the spreadsheet by."""

    def get(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        job = self.get_job(pk)
        if not job.problems:
            raise Http404
        answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        day = timezone.localtime(job.uploaded_at)
        answer["Content-Disposition"] = f'attachment; filename="importfejl-{day:%Y-%m-%d-%H%M}.csv"'
        writer = csv.writer(answer)
        writer.writerow(PROBLEM_COLUMNS)
        writer.writerows([safe(cell) for cell in problem] for problem in job.problems)
        return answer
