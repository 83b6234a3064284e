from django.db import migrations, models

SOURCES = [
    ("form", "Form"),
    ("api", "Api"),
    ("command", "Command"),
    ("batch", "Batch"),
    ("schedule", "Schedule"),
    ("rehearsal", "Rehearsal"),
    ("retry", "Retry"),
]


def keep_who_trusts_webhooks(apps, schema_editor):
    rows = apps.get_model("automation", "JobTemplate").objects
    rows.filter(trusts_webhooks=True).update(delivery="webhook")


def trust_webhooks_again(apps, schema_editor):
    rows = apps.get_model("automation", "JobTemplate").objects
    rows.filter(delivery="webhook").update(trusts_webhooks=True)


class Migration(migrations.Migration):
    dependencies = [("automation", "0005_jobs_of_rehearsals")]

    operations = [
        migrations.AddField(
            model_name="jobtemplate",
            name="delivery",
            field=models.CharField(
                choices=[("poll", "Poll"), ("poll_and_webhook", "Both"), ("webhook", "Webhook")],
                default="poll",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="jobtemplate",
            name="failure_route",
            field=models.CharField(
                choices=[("person", "Person"), ("retry", "Retry")], default="person", max_length=6
            ),
        ),
        migrations.AddField(
            model_name="jobtemplate", name="retries", field=models.IntegerField(default=1)
        ),
        migrations.RunPython(keep_who_trusts_webhooks, trust_webhooks_again),
        migrations.RemoveField(model_name="jobtemplate", name="trusts_webhooks"),
        migrations.AlterField(
            model_name="batch",
            name="source",
            field=models.CharField(choices=SOURCES, max_length=10),
        ),
        migrations.AlterField(
            model_name="job", name="source", field=models.CharField(choices=SOURCES, max_length=10)
        ),
    ]
