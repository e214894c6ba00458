"""Addresses of the API."""

from django.urls import path

from videolib.api import views

urlpatterns = [
    path("api/v1/docs", views.docs, name="api_docs"),
    path("api/v1/", views.api.urls),
]
