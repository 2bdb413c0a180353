"""``/udloeb.ics``, the feed, and ``/udloeb/kalender/``, where one makes and revokes the addresses of one's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac
from django.views import View
from django.views.decorators.http import require_safe

from coordination import calendar_events, calendar_links, calendar_memory, deadlines
from coordination.forms.calendars import ALL, MINE, CalendarForm
from coordination.models import CalendarLink
from coordination.rights import Actor
from coordination.views.deadlines import actor_of
from foi_portal.core.permissions import may
from roles.models import Person

SECRET = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


@login_not_required
@require_safe
def deadline_feed(request: HttpRequest) -> HttpResponseBase:
    """The calendar of the secret address ``?noegle=…``: for calendar programs, which cannot sign in.

    An address that is wrong, revoked or stopped gets one and the same 404. Asks nothing of the session.
    """
    now, today = timezone.now(), timezone.localdate()
    link = calendar_links.find(request.GET.get("noegle", ""), today)
    if link is None:
        return HttpResponse(
            "Der er ingen kalender på denne adresse.\n", "text/plain; charset=utf-8", 404, headers=SECRET
        )
    try:
        bodies = calendar_memory.bodies(link, deadlines.board(today), now)
    except OperationalError:  # somebody else is writing: the program asks again by itself
        return HttpResponse(status=503, headers={**SECRET, "Retry-After": "60"})
    calendar_links.used(link, now)
    content = calendar_events.calendar(f"FOI-portalen: {name_of(link)}", bodies)
    etag = f'"{salted_hmac("coordination.feed", content.hex()).hexdigest()}"'
    headers = {**SECRET, "ETag": etag, "Content-Disposition": 'inline; filename="udloeb.ics"'}
    response = HttpResponse(content, "text/calendar; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=etag, response=response) or response


def name_of(link: CalendarLink) -> str:
    """What the calendar is called."""
    return f"frister for {link.person or link.role}" if link.person or link.role else "alle frister"


class CalendarPage(View):
    """One's addresses, and making a new one; whoever may change all of them sees all."""

    def get(self, request: HttpRequest) -> HttpResponse:
        actor = actor_of(request)
        return self._page(actor, self._form(actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        actor = actor_of(request)
        form = self._form(actor, request.POST)
        if not form.is_valid():
            return self._page(actor, form, status=422)
        what, role = form.cleaned_data["hvad"], form.cleaned_data.get("rolle")
        if what == MINE and calendar_links.of(actor.user, actor.person).count() >= calendar_links.MOST:
            form.add_error("hvad", "Du har ti kalendere. Tilbagekald en, du ikke bruger, og prøv igen.")
            return self._page(actor, form, status=422)
        person = Person.objects.get(user=actor.user) if what == MINE else None
        link, address = calendar_links.make(
            made_by=actor.user, person=person, role=None if what in (MINE, ALL) else role
        )
        return self._page(actor, self._form(actor), made=link, address=address)

    def _form(self, actor: Actor, data: Any = None) -> CalendarForm:
        return CalendarForm(data, own=actor.person is not None, everything=may_all(actor))

    def _page(self, actor: Actor, form: CalendarForm, status: int = 200, **more: Any) -> HttpResponse:
        every = may_all(actor)
        links = calendar_links.everybodys() if every else calendar_links.of(actor.user, actor.person)
        allowed = calendar_links.Entitled(*map(set, calendar_links.entitled()))
        told = [(link, name_of(link), calendar_links.stopped(link, actor.on, allowed)) for link in links]
        context = {
            "section": "deadline",
            "form": form,
            "may_make": actor.person is not None or every,
            "mine": [one for one in told if _is_own(actor, one[0])],
            "others": [one for one in told if not _is_own(actor, one[0])],
            "sees_all": every,
            **more,
        }
        return render(self.request, "coordination/calendars.html", context, status=status)


class CalendarRevoke(View):
    """The address gives nothing from now on."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        actor = actor_of(request)
        link = get_object_or_404(CalendarLink.objects.select_related("person", "role"), pk=pk)
        if not may_all(actor) and not _is_own(actor, link):
            raise PermissionDenied
        if calendar_links.revoke(link=link, now=timezone.now()):
            messages.success(
                request, f"Kalenderen «{name_of(link)}» er tilbagekaldt. Adressen virker ikke mere."
            )
        else:
            messages.info(request, "Kalenderen var allerede tilbagekaldt.")
        return HttpResponseRedirect(reverse("calendar-list"))


def may_all(actor: Actor) -> bool:
    return may(actor.user, "change", CalendarLink)


def _is_own(actor: Actor, link: CalendarLink) -> bool:
    own_person = link.person_id is not None and link.person_id == actor.person
    return link.made_by_id == actor.user.pk or own_person


__all__ = ["CalendarPage", "CalendarRevoke", "deadline_feed", "name_of"]
