"""/udloeb/paamindelser/ and one's own wishes; who looks after an agreement or a certificate."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from coordination.views import caretakers, reminders

urlpatterns: list[URLPattern | URLResolver] = [
    path("udloeb/paamindelser/", reminders.RulePage.as_view(), name="reminder-rule-list"),
    path("udloeb/paamindelser/<slug:kind>/", reminders.RuleUpdate.as_view(), name="reminder-rule-update"),
    path("udloeb/mine-paamindelser/", reminders.PreferencePage.as_view(), name="reminder-preference"),
    path(
        "personer/<int:pk>/paamindelser/",
        reminders.PreferencePage.as_view(),
        name="reminder-preference-person",
    ),
    path("personer/<int:pk>/passer-paa/", caretakers.CareHandOver.as_view(), name="care-handover"),
    path("aftaler/<int:pk>/ansvarlig/", caretakers.AgreementCaretaker.as_view(), name="agreement-caretaker"),
    path(
        "certifikater/<int:pk>/ansvarlig/",
        caretakers.CertificateCaretaker.as_view(),
        name="certificate-caretaker",
    ),
]
