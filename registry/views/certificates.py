"""Certificates: list, what one is and who uses it, from a file or typed in, renewed, revoked."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, formats, views
from foi_portal.ui.tables import Column
from registry.certificates import queries, renewing, tables, words
from registry.certificates.filters import CertificateFilter
from registry.certificates.forms import CertificateForm, RenewForm, RevokeForm, initial_of
from registry.certificates.oces import told
from registry.models import Certificate


class CertificateView(views.ModelView):
    model = Certificate
    url_base = "certificate"
    lookup = "pk"
    create_label = "Nyt certifikat"

    @property
    def today(self) -> datetime.date:
        return timezone.localdate()


class CertificateList(CertificateView, views.ListView):
    filterset_class = CertificateFilter
    default_sort = "valid_to"
    importable = False
    template_name = "registry/certificate_list.html"

    @property
    def columns(self) -> Sequence[Column]:  # type: ignore[override]
        """An export has the columns that scripts go by, unless somebody has chosen others."""
        if "_export" in self.request.GET and "col" not in self.request.GET:
            return tables.exported(self.today)
        return tables.columns(self.today)

    def get_queryset(self) -> Any:
        return queries.with_facts(super().get_queryset(), self.today)


class CertificateDetail(CertificateView, views.DetailView):
    template_name = "registry/certificate_detail.html"

    def get_context(self, obj: Certificate) -> dict[str, Any]:
        chain = queries.chain(obj)
        after = chain[chain.index(obj) + 1 :]
        matters = not after and obj.revoked_on is None and not obj.is_archived
        return {
            "tab": "overview",
            "standing": words.badge(obj.standing(self.today)),
            "is_over": obj.standing(self.today) == "Udløbet",
            "ends": words.ends(obj.valid_to, self.today, matters=matters),
            "matters": matters,
            "oces": told(obj.oces_id, obj.kind),
            "fingerprint": in_pairs(obj.sha256 or ""),
            "chain": [(each, words.badge(each.standing(self.today))) for each in chain]
            if len(chain) > 1
            else [],
            "renewed_by": after[0] if after else None,
            "users": list(obj.assets.order_by("name", "pk")),
            "may_add": may(self.request.user, "add", Certificate),
        }


def in_pairs(digits: str) -> str:
    """8a:aa:e8 …: easier to compare with what a browser or a server shows."""
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


class CertificateForms(CertificateView, views.FormView):
    template_name = "registry/certificate_form.html"
    wide = ("name", "location", "subject", "issuer", "sha256")

    def form_class(self, data: Any = None, **kwargs: Any) -> CertificateForm:  # type: ignore[override]
        return CertificateForm(data, self.request.FILES if data is not None else None, **kwargs)

    def get_context(self, obj: Certificate | None) -> dict[str, Any]:
        return {"oces": told(obj.oces_id, obj.kind) if obj is not None else ""}

    def groups(self, form: Any) -> list[tuple[str, list[Any]]]:
        """What a file told has no fields: it stands beside them."""
        certificate = ("name", "kind", "environment", "location", "note", "for_one_system", "revoked_on")
        facts = (
            ()
            if form.facts or "valid_to" not in form.fields
            else ("valid_to", "valid_from", "subject", "issuer", "serial", "sha256")
        )
        sets = (("Certifikatet", certificate), ("Oplysninger, når der ikke er nogen fil", facts))
        return [(title, [form[name] for name in names if name in form.fields]) for title, names in sets]


class CertificateCreate(CertificateForms, views.CreateView):
    """One page for both ways. «Læs filen» shows what is in it before anything is written."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST)
        valid = form.is_valid()
        if "drop" in request.POST:
            return self.fresh(form, drop=True)
        if form.known is not None and (answer := self.lead_to(form.known)):
            return answer
        if "look" in request.POST:
            return self.look(form)
        if not valid:
            return self.form_page(form, None, status=422)
        obj = self.try_save(form)
        if obj is None:
            return self.form_page(form, None, status=409)
        messages.success(request, f"{obj} er oprettet.")
        self.warn(obj)
        return HttpResponseRedirect(self.after(obj))

    def lead_to(self, known: Certificate) -> HttpResponse | None:
        messages.info(self.request, f"Certifikatet findes allerede: det er «{known}». Intet nyt er oprettet.")
        return HttpResponseRedirect(known.get_absolute_url())

    def look(self, form: CertificateForm) -> HttpResponse:
        """The form again, with what the file told; or only with what is wrong with the file."""
        if form.facts is not None:
            return self.fresh(form)
        if "file" not in form.errors:
            form.add_error("file", "Vælg en fil.")
        for name in [name for name in form.errors if name != "file"]:
            del form.errors[name]
        return self.form_page(form, None, status=422)

    def fresh(self, form: CertificateForm, drop: bool = False) -> HttpResponse:
        facts = None if drop else form.facts
        initial = initial_of(form)
        if drop:
            initial["read"] = ""
        again = self.form_class(initial=initial)
        again.facts = facts
        return self.form_page(again, None)

    def warn(self, obj: Certificate) -> None:
        if obj.valid_to and obj.valid_to <= self.today:
            messages.warning(
                self.request, f"{obj} er udløbet {formats.date(obj.valid_to)}. Er der et nyere, så forny det."
            )


class CertificateUpdate(CertificateForms, views.UpdateView):
    def conflict(self, form: Any, current: Any) -> conflicts.Conflict | None:
        """Also what another has changed about who uses it, which is no part of the version."""
        now = sorted(current.assets.values_list("pk", flat=True))
        were = form.assets_before
        found = super().conflict(form, current)
        if found is None and were == now:
            return None
        found = conflicts.build(
            form,
            current,
            conflicts.submitted_version(self.request.POST),
            {} if were is None else {"assets": were},
        )
        found.hidden[:] = [pair for pair in found.hidden if pair[0] != "assets_were"]
        found.hidden.append(("assets_were", ",".join(map(str, now))))
        return found

    def is_changed(self, form: Any, before: Any) -> bool:
        return super().is_changed(form, before) or sorted(
            form.instance.assets.values_list("pk", flat=True)
        ) != (form.assets_before)


class CertificateRenew(CertificateCreate):
    """The new certificate, from its file or typed in; what is known of the old one is carried over."""

    template_name = "registry/certificate_renew.html"

    def form_class(self, data: Any = None, **kwargs: Any) -> RenewForm:  # type: ignore[override]
        return RenewForm(data, self.request.FILES if data is not None else None, old=self.old, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.old = self.get_old()
        if refusal := self.refusal():
            return self.refused(refusal, 200)
        return super().get(request)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.old = self.get_old()
        if refusal := self.refusal():
            return self.refused(refusal)
        try:
            return super().post(request)
        except renewing.Refused as refusal:  # somebody else was first
            return self.refused(refusal)

    def get_old(self) -> Certificate:
        """The one to renew: that is to change it, and to add another."""
        old: Certificate = self.get_object("change")
        if not may(self.request.user, "add", Certificate):
            raise PermissionDenied
        return old

    def refusal(self) -> renewing.Refused | None:
        if self.old.is_archived:
            return renewing.Refused(f"«{self.old}» er arkiveret. Gendan det først.")
        by = self.old.renewed_by()
        return renewing.AlreadyRenewed(self.old, by) if by is not None else None

    def refused(self, refusal: renewing.Refused, status: int = 409) -> HttpResponse:
        self.template_name = "registry/certificate_renew_refused.html"
        newest = queries.chain(self.old)[-1] if isinstance(refusal, renewing.AlreadyRenewed) else None
        return self.page({"object": self.old, "refusal": refusal, "newest": newest}, status=status)

    def lead_to(self, known: Certificate) -> HttpResponse | None:
        """The form asks about it instead."""
        return None

    def save(self, form: Any) -> Certificate:
        new = form.known or form.save(commit=False)
        reason = self.request.POST.get("reason", "")
        return renewing.renew(old=self.old, new=new, assets=form.cleaned_data["assets"], reason=reason)

    def form_page(self, form: Any, obj: Any, status: int = 200) -> HttpResponse:
        return super().form_page(form, None, status)

    def get_context(self, obj: Any) -> dict[str, Any]:
        return {
            "old": self.old,
            "old_ends": words.ends(self.old.valid_to, self.today),
            "cancel_url": self.old.get_absolute_url(),
        }


class CertificateRevoke(CertificateView):
    """Say that it is revoked. It stays readable, and is no longer something to renew."""

    action = "change"
    template_name = "registry/certificate_revoke.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.get_object(), RevokeForm(on=self.today, initial={"revoked_on": self.today}))

    def show(self, obj: Certificate, form: RevokeForm, error: str = "", status: int = 200) -> HttpResponse:
        context = {"object": obj, "form": form, "error": error, "cancel_url": obj.get_absolute_url()}
        return self.page({**context, "users": list(obj.assets.order_by("name", "pk"))}, status)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        form = RevokeForm(request.POST, on=self.today)
        if not form.is_valid():
            return self.show(obj, form, status=422)
        done = renewing.revoke(
            certificate=obj,
            on=form.cleaned_data["revoked_on"],
            version=conflicts.submitted_version(request.POST) or 0,
            reason=form.cleaned_data["reason"],
        )
        if not done:
            now = self.get_object()
            gone = (
                "Det er allerede spærret."
                if now.revoked_on
                else "Nogen har rettet det imens. Læs det igen, og gentag så."
            )
            return self.show(now, form, gone, 409)
        messages.success(request, f"{obj} står nu som spærret. Husk at spærre det hos udstederen også.")
        return HttpResponseRedirect(obj.get_absolute_url())


class CertificateArchive(CertificateView, views.ArchiveView):
    refused = "Et andet er kommet i dets sted imens. Arkivér det først, eller lad dette blive, som det er."

    def in_the_way(self, obj: Certificate) -> list[Any]:
        return list(obj.assets.filter(archived_at=None).order_by("name", "pk")[:20])


class CertificateRestore(CertificateArchive):
    restore = True


class CertificateHistory(CertificateView, views.HistoryView):
    pass


class CertificatePem(CertificateView):
    """The public certificate as a file."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        if not obj.is_read:
            raise Http404("Der er ingen fil til certifikatet.")
        name = slugify(obj.name) or f"certifikat-{obj.pk}"
        disposition = content_disposition_header(True, f"{name}.pem") or ""
        return HttpResponse(
            obj.pem, content_type="application/x-pem-file", headers={"Content-Disposition": disposition}
        )
