"""The handover pack of a person or a role, on the screen and on paper."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views import View

from foi_portal.ui import pdf
from roles import handover
from roles.models import Person, Role
from roles.views.vulnerability import require_sight


class PersonHandover(View):
    """``/personer/<pk>/overdragelse/``"""

    name = "person-handover"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        require_sight(request)
        person = get_object_or_404(Person.objects.select_related("unit", "merged_into"), pk=pk)
        if person.merged_into is not None:
            return HttpResponseRedirect(reverse(self.name, args=[person.merged_into.pk]))
        pack = handover.of_person(person, request.user, timezone.localdate())
        context = _context(pack, reverse("person-handover-pdf", args=[person.pk]), person=person)
        return self.answer(request, context)

    def answer(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        return render(request, "roles/handover.html", context)


class RoleHandover(View):
    """``/roller/<code>/overdragelse/``"""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        require_sight(request)
        role = get_object_or_404(Role, code=code)
        pack = handover.of_role(role, request.user, timezone.localdate())
        context = _context(pack, reverse("role-handover-pdf", args=[role.code]), role=role)
        return self.answer(request, context)

    def answer(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        return render(request, "roles/handover.html", context)


class PersonHandoverPdf(PersonHandover):
    """``/personer/<pk>/overdragelse/pdf/``"""

    name = "person-handover-pdf"

    def answer(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        return _on_paper(request, context)


class RoleHandoverPdf(RoleHandover):
    """``/roller/<code>/overdragelse/pdf/``"""

    def answer(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        return _on_paper(request, context)


def _context(
    pack: handover.Pack, pdf_url: str, *, person: Person | None = None, role: Role | None = None
) -> dict[str, Any]:
    """What the templates show: the pack of either a person or a role."""
    return {
        "section": "vulnerability",
        "pack": pack,
        "person": person,
        "role": role,
        "subject": person or role,
        "pdf_url": pdf_url,
        "foi_email": settings.FOI_EMAIL,
    }


def _on_paper(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The same pack with whole addresses: paper leaves the portal."""
    frame = {
        "made_at": timezone.now(),
        "made_by": str(request.user),
        "base": settings.SITE_URL,
        "address": f"{settings.SITE_URL}{request.path.removesuffix('pdf/')}",
    }
    file = f"overdragelse-{slugify(str(context['subject']))}-{timezone.localdate().isoformat()}"
    return pdf.response(request, file, lambda: pdf.layout("roles/handover_pdf.html", context | frame))


__all__ = ["PersonHandover", "PersonHandoverPdf", "RoleHandover", "RoleHandoverPdf"]
