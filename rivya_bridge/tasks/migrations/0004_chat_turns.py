"""A task may be a chat turn, with its session, its answer and its tokens."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0003_duties_news_and_probes"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="answer_text",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="task",
            name="input_tokens",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="is_cut",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="task",
            name="kind",
            field=models.CharField(
                choices=[("generation", "Generation"), ("chat", "Chat")],
                default="generation",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="output_tokens",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="session_id",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name="task",
            name="origin",
            field=models.CharField(
                choices=[("run", "Run"), ("job", "Job"), ("chat", "Chat"), ("probe", "Probe")],
                max_length=12,
            ),
        ),
    ]
