"""Addresses of the pages that need several apps."""

from django.urls import include, path

from foi_portal.pages import front, health, history, operations, search

operations_urls = [
    path("", operations.OperationsPage.as_view(), name="operations"),
    path("proevemail/", operations.MailTest.as_view(), name="mail-test"),
    path("mails/", operations.MailList.as_view(), name="mail-list"),
    path("mails/send-igen/", operations.MailResendFailed.as_view(), name="mail-resend-failed"),
    path("mails/<int:pk>/", operations.MailDetail.as_view(), name="mail-detail"),
    path("mails/<int:pk>/send-igen/", operations.MailResend.as_view(), name="mail-resend"),
    path("mails/<int:pk>/annuller/", operations.MailStop.as_view(), name="mail-stop"),
]

urlpatterns = [
    path("drift/", include(operations_urls)),
    path("healthz", health.healthz, name="healthz"),
    path("soeg/", search.search_view, name="search"),
    path("", front.FrontPage.as_view(), name="front"),
    path("historik/", history.HistoryList.as_view(), name="history"),
    path("historik/<uuid:change_set>/", history.ChangeSetDetail.as_view(), name="changeset"),
]
