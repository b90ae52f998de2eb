"""The Django app of what people operate. Its label is "console": Django has an app "admin" of its own."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "admin"
    label = "console"
    verbose_name = "Tierline console"
