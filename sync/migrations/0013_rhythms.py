"""Rhythms: what people chose, when and where they work; one task per person in the CRM."""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

STATES = [
    ("pending", "to be sent"),
    ("sent", "sent"),
    ("failed", "not delivered"),
    ("needless", "not needed any more"),
]


def give_up_tasks(apps: Any, schema_editor: Any) -> None:
    """Tasks per kind of problem that wait are not made any more: each person gets one."""
    Delivery = apps.get_model("sync", "Delivery")
    waiting = Delivery.objects.filter(channel="crm_task", state="pending")
    waiting.update(state="needless", error="Each person has one task in the CRM now.")
    if schema_editor.connection.vendor == "postgresql":  # it alters no table with checks outstanding
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("sync", "0012_what_a_look_knows")]

    operations = [
        migrations.AddField("owner", "time_zone", models.CharField(blank=True, max_length=64)),
        migrations.AddField("owner", "manages", models.BooleanField(default=False)),
        migrations.AlterField("delivery", "created_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AlterField("notice", "created_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.CreateModel(
            name="OwnRhythm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("high", models.CharField(blank=True, max_length=9)),
                ("medium", models.CharField(blank=True, max_length=9)),
                ("low", models.CharField(blank=True, max_length=9)),
                ("at", models.TimeField(null=True)),
                ("weekday", models.CharField(blank=True, max_length=9)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("quiet_from", models.TimeField(null=True)),
                ("quiet_until", models.TimeField(null=True)),
                (
                    "portfolio",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rhythms", to="sync.portfolio"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "ownrhythm", models.UniqueConstraint(fields=("portfolio", "email"), name="one_rhythm_per_person")
        ),
        migrations.AddConstraint(
            "ownrhythm",
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            ),
        ),
        migrations.CreateModel(
            name="Todo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=40, unique=True)),
                ("state", models.CharField(choices=STATES, default="pending", max_length=8)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("reference", models.CharField(blank=True, max_length=40)),
                ("tried", models.BooleanField(default=False)),
                ("wanted", models.CharField(blank=True, max_length=64)),
                ("content", models.CharField(blank=True, max_length=64)),
                (
                    "ended",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "nothing is left to mend"),
                            ("person", "completed or deleted by the person"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="todos", to="sync.owner"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "todo",
            models.UniqueConstraint(
                condition=models.Q(("ended", "")), fields=("owner",), name="one_open_todo_per_person"
            ),
        ),
        migrations.RunPython(give_up_tasks, migrations.RunPython.noop, elidable=True),
    ]
