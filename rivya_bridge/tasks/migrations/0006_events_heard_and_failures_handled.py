from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0005_is_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="handled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="hears_events",
            field=models.BooleanField(default=True),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(
                    ("handled_at__isnull", True), ("status__in", ["held", "failed"])
                ),
                fields=["-id"],
                name="task_needs_person",
            ),
        ),
    ]
