"""Addresses of what is watched and looked for."""

from django.urls import path

from videolib.analytics import views

urlpatterns = [
    path("searched-in-vain/", views.searched_in_vain, name="searched_in_vain"),
    path("searched-in-vain/done/", views.set_aside, name="searched_in_vain_done"),
    path("searched-in-vain/undo/", views.bring_back, name="searched_in_vain_undo"),
]
