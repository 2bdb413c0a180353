"""The portal's addresses."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from foi_portal.core.signin import SignInView

urlpatterns = [
    path("konto/login/", SignInView.as_view(), name="login"),
    path("konto/logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("", include("registry.urls")),
    path("", include("roles.urls")),
    path("", include("budgets.urls")),
    path("", include("coordination.urls")),
    path("", include("foi_portal.pages.urls")),
]
