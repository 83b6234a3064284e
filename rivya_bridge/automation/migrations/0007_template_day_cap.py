from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("automation", "0006_delivery_modes_and_failure_routes")]

    operations = [
        migrations.AddField(
            model_name="jobtemplate", name="day_cap", field=models.IntegerField(null=True)
        ),
    ]
