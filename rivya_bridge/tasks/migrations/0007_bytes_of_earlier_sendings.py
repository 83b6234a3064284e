"""A sending keeps its own bytes where its task went out with others later."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_events_heard_and_failures_handled")]

    operations = [
        migrations.AddField(
            model_name="taskattempt",
            name="earlier_body",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
