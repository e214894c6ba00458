"""Every address of the library, room by room; each room names its addresses in full."""

from django.urls import include, path

from videolib.admin import tables

urlpatterns = [
    path("", include("videolib.api.urls")),
    path("", include("videolib.accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", include("videolib.uploads.urls")),
    path("", include("videolib.clips.urls")),
    path("", include("videolib.community.urls")),
    path("", include("videolib.analytics.urls")),
    path("", include("videolib.browse.urls")),
    path("", include("videolib.operations.urls")),
    path("django-admin/", tables.urls),
]

handler400 = "videolib.browse.errors.bad_request"
handler403 = "videolib.browse.errors.forbidden"
handler404 = "videolib.browse.errors.not_found"
handler429 = "videolib.browse.errors.too_many_requests"  # allauth asks for it by this name
handler500 = "videolib.browse.errors.server_error"
