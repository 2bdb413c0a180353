"""Sign-in, with a limit on wrong guesses that holds for all processes together.

A guess is counted in the database before its password is hashed, so that neither guessing nor keeping the hasher
busy pays: five for a user name from one address, fifty from an address, within fifteen minutes. It is the same
for names that exist and names that do not. A right password forgets the guesses at that name from that address.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from foi_portal.core.models import SignInFailure

WINDOW = timedelta(minutes=15)
PER_NAME = 5
PER_ADDRESS = 50
NAME_LENGTH = 150


class SignInView(LoginView):
    """The portal's one sign-in page. 429 with the time to try again when there have been too many guesses.

    Outside the recorded transaction: a guess must stay counted whatever the answer is, and nobody else should
    wait for the hasher. Who is refused writes nothing, so going on trying does not make the wait longer.
    """

    recording_exempt = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name, address = _digest(request.POST.get("username", "")), client_address(request)
        if again := free_again(name, address, PER_NAME, PER_ADDRESS):
            return _refused(request, again)
        SignInFailure.objects.filter(at__lt=timezone.now() - WINDOW).delete()
        guess = SignInFailure.objects.create(name=name, address=address)
        # Counted once more with this one: others may have been let in between at the same moment.
        if again := free_again(name, address, PER_NAME + 1, PER_ADDRESS + 1):
            guess.delete()
            return _refused(request, again)
        response = super().post(request, *args, **kwargs)
        if request.user.is_authenticated and response.status_code == 302:
            SignInFailure.objects.filter(name=name, address=address).delete()
        return response


def free_again(name: str, address: str, per_name: int, per_address: int) -> datetime | None:
    """When the next guess is allowed; ``None`` when it is now."""
    recent = SignInFailure.objects.filter(address=address, at__gt=timezone.now() - WINDOW)
    waits = (_nth_latest(recent.filter(name=name), per_name), _nth_latest(recent, per_address))
    return max((at + WINDOW for at in waits if at), default=None)


def _nth_latest(guesses: QuerySet[SignInFailure], number: int) -> datetime | None:
    found = list(guesses.order_by("-at").values_list("at", flat=True)[number - 1 : number])
    return found[0] if found else None


def _digest(name: str) -> str:
    """The user name as sign-in reads it, unreadable in the table: people write passwords there by mistake."""
    tidy = unicodedata.normalize("NFKC", name.strip()[:NAME_LENGTH]).casefold()
    return salted_hmac("foi_portal.core.signin", tidy, algorithm="sha256").hexdigest()


def client_address(request: HttpRequest) -> str:
    """Whom to count: the peer, or with ``TRUSTED_PROXY`` the last hop that the proxy wrote in X-Forwarded-For.

    An IPv6 address counts as its /64, which is what one subscriber has. What is no address is left out.
    """
    candidates = [str(request.META.get("REMOTE_ADDR", ""))]
    if settings.TRUSTED_PROXY:
        candidates.insert(0, request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip())
    for text in candidates:
        try:
            address = ip_address(text)
        except ValueError:
            continue
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped is None:
                return str(ip_network((int(address), 64), strict=False).network_address)
            return str(address.ipv4_mapped)
        return str(address)
    return ""


def _refused(request: HttpRequest, again: datetime) -> HttpResponse:
    seconds = max(1, math.ceil((again - timezone.now()).total_seconds()))
    whole_minute = again + timedelta(minutes=1)  # shown without seconds, and never too early
    return TemplateResponse(
        request, "429.html", {"again": whole_minute}, status=429, headers={"Retry-After": str(seconds)}
    )
