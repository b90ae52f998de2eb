"""Where the console's pages are."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
