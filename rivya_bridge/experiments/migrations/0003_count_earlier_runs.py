"""Fills the experiments' counts from the runs that were there before they were kept."""

from django.db import migrations
from django.db.models import Count, Q, Sum

ENDED = ("succeeded", "failed", "canceled")


def count(apps, schema_editor):
    experiments = apps.get_model("experiments", "Experiment")
    runs = apps.get_model("experiments", "Run")
    ended = runs.objects.filter(task__status__in=ENDED)
    for run in ended.filter(task__final_credits__gt=0).values("pk", "task__final_credits"):
        runs.objects.filter(pk=run["pk"]).update(counted_credits=run["task__final_credits"])
    sums = runs.objects.values("experiment").annotate(
        accepted=Count("pk", filter=Q(verdict="accepted")),
        rejected=Count("pk", filter=Q(verdict="rejected")),
        spent=Sum("counted_credits", default=0),
    )
    for row in sums.order_by():
        experiments.objects.filter(pk=row["experiment"]).update(
            accepted_count=row["accepted"],
            rejected_count=row["rejected"],
            spent_credits=row["spent"],
        )
    results = apps.get_model("experiments", "RunResult").objects.filter(position=0)
    for result in results.order_by("run_id").values("run__experiment", "file"):
        experiments.objects.filter(pk=result["run__experiment"]).update(preview=result["file"])


class Migration(migrations.Migration):
    dependencies = [("experiments", "0002_run_counts")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
