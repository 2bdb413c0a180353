"""Days on which a role is about to be empty, and by which confirmations are to be in, as deadlines.

Looks at who is written in the seats and when people leave. Absences end, so they are not looked at: a holder who is
away still holds the seat.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from foi_portal.ui import formats
from registry.deadlines import Act, Deadline, Source, register
from registry.models import Organisation
from roles import occupancy
from roles.coverage import Demand, Post, Seat
from roles.models import Part, RoundAsset
from roles.occupancy import Occupancy

ASSIGN, CHANGE = "roles.add_assignment", "roles.change_assignment"


def role_deadlines(on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
    """Role periods that end with nobody to follow, and people who leave while they hold roles.

    Two queries while the day's picture of the roles is known, else nine.
    """
    day = occupancy.at(on)
    seats = {seat: posts for seat, posts in day.roster.posts.items() if _is_alive(day, seat)}
    names = _organisation_names(day, seats)
    for seat, posts in seats.items():
        rule = day.rule(seat)
        demand = day.demand(rule, seat) if rule is not None else None
        scope = names.get(seat.organisation) if seat.organisation is not None else _asset_name(day, seat)
        for post in _ending(day, posts, demand, on, last):
            yield _period(day, post, demand is not None, scope or "hele kommunen")
    yield from _leaving(day, seats, last)


def _is_alive(day: Occupancy, seat: Seat) -> bool:
    """Whether what the seat is for is still there; who leaves what is over leaves no gap."""
    return seat.asset is None or seat.asset in day.assets


def _ending(
    day: Occupancy, posts: Sequence[Post], demand: Demand | None, on: datetime.date, last: datetime.date
) -> Iterator[Post]:
    """The posts of one seat that end with too few to follow.

    One to come is always looked at. Of those that are over only the latest, and where the role is required: else it
    was simply done with.
    """
    wanted = demand.holders if demand is not None else 1
    deputy_wanted = demand is not None and demand.deputy
    over: list[Post] = []
    for post in posts:
        until = post.until
        if (
            until is None
            or until > last
            or not day.roster.works(post.person, until - datetime.timedelta(days=1))
        ):
            continue  # who leaves before it ends is told of by that day
        if _followers(day, posts, post) >= (wanted if post.holder else 1):
            continue
        if not post.holder and not deputy_wanted:
            continue
        if until > on:
            yield post
        elif demand is not None:
            over.append(post)
    for holder in (True, False):
        yield from sorted((p for p in over if p.holder is holder), key=lambda p: (p.until, p.key))[-1:]


def _followers(day: Occupancy, posts: Sequence[Post], ended: Post) -> int:
    """How many people are in the seat in the same way when the post has ended, or come later."""
    until = ended.until
    assert until is not None  # noqa: S101 - only ended posts are asked about
    return len(
        {
            post.person
            for post in posts
            if post is not ended
            and post.holder == ended.holder
            and (post.until is None or post.until > until)
            and day.roster.works(post.person, max(until, post.since))
        }
    )


def _period(day: Occupancy, post: Post, required: bool, scope: str) -> Deadline:
    assert post.until is not None  # noqa: S101 - only ended posts come here
    role, person = day.roles[post.seat.role], day.people[post.person]
    part = "indehaver" if post.holder else "stedfortræder"
    return Deadline(
        key=f"role/{post.key}/{post.until}",
        kind="role",
        on=post.until,
        title=f"{role.name} for {scope} uden {part}",
        subject=f"{role.name} for {scope}",
        url=reverse("assignment-detail", args=[post.key]),
        assets=_one(post.seat.asset),
        organisations=_one(post.seat.organisation),
        people=(person.key,),
        acts=(
            Act("Overdrag rollen", reverse("assignment-handover", args=[post.key]), CHANGE),
            Act("Tildel en efterfølger", _assign_url(day, post), ASSIGN),
        ),
        note=f"{person.name} er {part} til {formats.date(post.until)} (første dag uden), og ingen følger efter."
        + ("" if required else " Rollen kræves ikke her."),
    )


def _assign_url(day: Occupancy, post: Post) -> str:
    """Where a successor is assigned, with everything but the person filled in."""
    department = day.departments.get(post.seat.organisation or 0)
    values = {
        "role": day.roles[post.seat.role].code,
        "asset": day.assets[post.seat.asset].code if post.seat.asset is not None else "",
        "organisation": department.code if department is not None else "",
        "part": str(Part.HOLDER if post.holder else Part.DEPUTY),
        "since": f"{post.until:%d-%m-%Y}",
    }
    return f"{reverse('assignment-create')}?{urlencode({k: v for k, v in values.items() if v})}"


def _leaving(day: Occupancy, seats: dict[Seat, Sequence[Post]], last: datetime.date) -> Iterator[Deadline]:
    """People who leave, or have left, while roles of theirs run on; one deadline for each person."""
    held: dict[int, list[Post]] = defaultdict(list)
    for posts in seats.values():
        for post in posts:
            stay = day.roster.stays.get(post.person)
            leaves = stay.until if stay is not None else None
            if leaves is not None and leaves <= last and (post.until is None or post.until > leaves):
                held[post.person].append(post)
    for key, posts in held.items():
        leaves = day.roster.stays[key].until
        assert leaves is not None  # noqa: S101 - only who leaves is in it
        count = len(posts)
        yield Deadline(
            key=f"role/person-{key}/{leaves}",
            kind="role",
            on=leaves,
            title=f"{day.people[key].name} fratræder med {formats.plain(count)} {'rolle' if count == 1 else 'roller'}",
            subject=day.people[key].name,
            url=reverse("person-detail", args=[key]),
            assets=tuple(sorted({post.seat.asset for post in posts if post.seat.asset is not None})),
            organisations=tuple(
                sorted({post.seat.organisation for post in posts if post.seat.organisation is not None})
            ),
            people=(key,),
            acts=(
                Act("Overdrag rollerne", reverse("person-transfer", args=[key]), ASSIGN),
                Act("Se, hvad der sker", reverse("person-stops", args=[key])),
            ),
            note=f"Første dag uden: {formats.date(leaves)}. Roller, der løber videre, står da uden nogen.",
        )


def confirmation_deadlines(on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
    """Open rounds that wait for answers, each with the systems it still asks about. One query."""
    asked: dict[tuple[int, str, datetime.date], list[int]] = defaultdict(list)
    waiting = RoundAsset.objects.waiting().filter(round__deadline__lte=last)
    for key, title, day, asset in waiting.values_list("round", "round__title", "round__deadline", "asset"):
        asked[key, title, day].append(asset)
    for (key, title, day), assets in asked.items():
        count = len(assets)
        yield Deadline(
            key=f"confirmation/{key}/{day}",
            kind="confirmation",
            on=day,
            title=f"Sidste dag at bekræfte: {title}",
            subject=title,
            url=reverse("round-detail", args=[key]),
            assets=tuple(assets),
            acts=(Act("Se, hvem der mangler", reverse("round-detail", args=[key])),),
            note=f"{formats.plain(count)} {'fagsystem' if count == 1 else 'fagsystemer'} mangler svar.",
        )


def _asset_name(day: Occupancy, seat: Seat) -> str | None:
    return day.assets[seat.asset].name if seat.asset is not None else None


def _one(key: int | None) -> tuple[int, ...]:
    return (key,) if key is not None else ()


def _organisation_names(day: Occupancy, seats: dict[Seat, Sequence[Post]]) -> dict[int, str]:
    """The names of what seats are for. One query, and none where there are no such seats."""
    wanted = {seat.organisation for seat in seats if seat.organisation is not None}
    return (
        dict(Organisation.objects.filter(pk__in=wanted).order_by().values_list("pk", "name"))
        if wanted
        else {}
    )


def register_sources() -> None:
    register(Source("role", "Rolle uden afløser", role_deadlines))
    register(Source("confirmation", "Bekræftelse af oplysninger", confirmation_deadlines))


__all__ = ["confirmation_deadlines", "register_sources", "role_deadlines"]
