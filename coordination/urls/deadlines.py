"""/udloeb/: every date that matters, taking note of them, and calendars."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from coordination.views import calendars, deadlines

urlpatterns: list[URLPattern | URLResolver] = [
    path("udloeb/", deadlines.DeadlineList.as_view(), name="deadline-list"),
    path("udloeb.ics", calendars.deadline_feed, name="deadline-feed"),
    path("udloeb/kalender/", calendars.CalendarPage.as_view(), name="calendar-list"),
    path("udloeb/kalender/<int:pk>/tilbagekald/", calendars.CalendarRevoke.as_view(), name="calendar-revoke"),
    path(
        "udloeb/efterretning/<int:pk>/ret/",
        deadlines.AcknowledgementUpdate.as_view(),
        name="acknowledgement-update",
    ),
    path(
        "udloeb/efterretning/<int:pk>/tag-tilbage/",
        deadlines.AcknowledgementWithdraw.as_view(),
        name="acknowledgement-withdraw",
    ),
    path("udloeb/frist/<path:key>/", deadlines.DeadlineAcknowledge.as_view(), name="deadline-acknowledge"),
]
