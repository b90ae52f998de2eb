"""What people say about a finding, its history, and alerts that rest."""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def begin_histories(apps: Any, schema_editor: Any) -> None:
    """What is known of findings before they had a history: when they were opened, and resolved."""
    Finding = apps.get_model("sync", "Finding")
    FindingEvent = apps.get_model("sync", "FindingEvent")
    Finding.objects.update(waiting_since=models.F("opened_at"))
    rows = []
    found = Finding.objects.values_list("pk", "opened_at", "resolved_at", "due_on", "value", "alert__owner")
    for pk, opened, resolved, due, value, owner in found:
        facts = {"finding_id": pk, "owner_id": owner}
        rows.append(FindingEvent(event="found", at=opened, until=due, value=value, **facts))
        if resolved is not None:
            rows.append(FindingEvent(event="gone", at=resolved, **facts))
    FindingEvent.objects.bulk_create(rows, batch_size=400)
    if schema_editor.connection.vendor == "postgresql":  # it alters no table with checks outstanding
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0007_deliveries"),
    ]

    operations = [
        migrations.CreateModel(
            name="FindingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("event", models.CharField(max_length=12)),
                ("by", models.CharField(blank=True, max_length=150)),
                ("value", models.CharField(blank=True, max_length=255)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("until", models.DateField(null=True)),
            ],
            options={
                "ordering": ("at", "pk"),
            },
        ),
        migrations.RemoveConstraint(
            model_name="alert",
            name="one_open_alert_per_owner_and_rule",
        ),
        migrations.AddField(
            model_name="finding",
            name="against",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="finding",
            name="escalated",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="finding",
            name="flapping",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="finding",
            name="flapping_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="finding",
            name="rests_until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="finding",
            name="to_say_mended",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="finding",
            name="waiting_since",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name="alert",
            name="state",
            field=models.CharField(
                choices=[("open", "open"), ("resting", "resting"), ("resolved", "resolved")],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("acknowledged", "acknowledged"),
                    ("in_progress", "in progress"),
                    ("asked", "cannot be known?"),
                    ("snoozed", "snoozed"),
                    ("accepted", "cannot be known"),
                    ("confirmed", "right as it is"),
                    ("resolved", "resolved"),
                ],
                default="open",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "resolved"), _negated=True),
                fields=("portfolio", "owner", "rule"),
                name="one_unresolved_alert_per_owner_and_rule",
            ),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="history", to="sync.finding"
            ),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="owner",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="sync.owner"
            ),
        ),
        migrations.AddIndex(
            model_name="findingevent",
            index=models.Index(fields=["event", "at"], name="finding_event_by_time"),
        ),
        migrations.RunPython(begin_histories, migrations.RunPython.noop, elidable=True),
    ]
