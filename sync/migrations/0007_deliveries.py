"""A message tells one person about several alerts; places outside; the severity of an alert."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("pending", "to be sent"),
    ("sent", "sent"),
    ("failed", "not delivered"),
    ("needless", "not needed any more"),
]


def join(apps: Any, schema_editor: Any) -> None:
    """Messages that went in one mail become one, under the id that the mail had."""
    Delivery = apps.get_model("sync", "Delivery")
    through = Delivery.alerts.through
    rows = []
    kept: dict[tuple[str, str], int] = {}
    dropped = []
    for delivery in Delivery.objects.select_related("alert").order_by("pk"):
        Delivery.objects.filter(pk=delivery.pk).update(owner_id=delivery.alert.owner_id)
        whole = kept.setdefault((delivery.batch or delivery.key, delivery.state), delivery.pk)
        if whole != delivery.pk:
            dropped.append(delivery.pk)
        rows.append(through(delivery_id=whole, alert_id=delivery.alert_id))
    through.objects.bulk_create(rows, batch_size=400)
    for start in range(0, len(dropped), 400):
        Delivery.objects.filter(pk__in=dropped[start : start + 400]).delete()
    for (key, _), pk in kept.items():
        if not Delivery.objects.filter(key=key).exclude(pk=pk).exists():
            Delivery.objects.filter(pk=pk).update(key=key)
    Alert = apps.get_model("sync", "Alert")
    Alert.objects.update(told=True)
    Finding = apps.get_model("sync", "Finding")
    for severity in ("low", "high"):
        Alert.objects.filter(
            pk__in=Finding.objects.filter(severity=severity).exclude(alert=None).values("alert")
        ).update(severity=severity)
    if schema_editor.connection.vendor == "postgresql":  # it alters no table with checks outstanding
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")



class Migration(migrations.Migration):
    dependencies = [("sync", "0006_digests")]

    operations = [
        migrations.CreateModel(
            name="Destination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("kind", models.CharField(max_length=20)),
                ("sealed", models.BinaryField()),
                ("shown", models.CharField(max_length=200)),
                ("only_for", models.EmailField(blank=True, max_length=254)),
                ("only_high", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("enabled", "enabled"), ("disabled", "disabled")], default="enabled", max_length=8
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "portfolio",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="destinations", to="sync.portfolio"
                    ),
                ),
            ],
            options={"ordering": ("name",)},
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.UniqueConstraint(fields=("portfolio", "name"), name="one_destination_per_name"),
        ),
        migrations.AddField("alert", "severity", models.CharField(default="medium", max_length=10)),
        migrations.AddField("alert", "told", models.BooleanField(default=False)),
        migrations.RemoveConstraint("delivery", "one_delivery_per_alert_and_channel"),
        migrations.AlterField(
            "delivery", "state", models.CharField(choices=STATES, default="pending", max_length=8)
        ),
        migrations.AlterField("notice", "state", models.CharField(choices=STATES, default="pending", max_length=8)),
        migrations.AddField(
            "delivery",
            "owner",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="sync.owner"
            ),
        ),
        migrations.AddField(
            "delivery",
            "destination",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deliveries",
                to="sync.destination",
            ),
        ),
        migrations.AlterField(
            "delivery",
            "alert",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sync.alert"),
        ),
        migrations.AddField("delivery", "alerts", models.ManyToManyField(related_name="deliveries", to="sync.alert")),
        migrations.RunPython(join, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("delivery", "alert"),
        migrations.RemoveField("delivery", "batch"),
        migrations.AlterField(
            "delivery",
            "owner",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="sync.owner"
            ),
        ),
        migrations.AddIndex(
            "delivery", models.Index(fields=["state", "not_before"], name="delivery_by_state")
        ),
    ]
