from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0011_notices_to_others")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="looked",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(model_name="qualityscore", name="looked_at", field=models.IntegerField(default=0)),
        migrations.AddField(model_name="qualityscore", name="kept", field=models.IntegerField(default=0)),
    ]
