"""Experiments that tried a model, for the model's page."""

from collections.abc import Collection, Iterator

from django.db.models import Exists, OuterRef
from django.urls import reverse

from rivya_bridge.catalog.uses import Use
from rivya_bridge.experiments.models import Experiment, Run

MOST = 50


def experiment_uses(model_ids: Collection[str]) -> Iterator[Use]:
    """Experiments with a run of one of the models, newest first (two queries)."""
    tried = Run.objects.filter(experiment=OuterRef("pk"), model_id__in=model_ids)
    titles = dict(
        Experiment.objects.filter(Exists(tried)).order_by("-id").values_list("id", "title")[:MOST]
    )
    runs = Run.objects.filter(experiment__in=titles, model_id__in=model_ids)
    pairs = set(runs.order_by().values_list("experiment_id", "model_id").distinct())
    for experiment_id, title in titles.items():
        for model_id in model_ids:
            if (experiment_id, model_id) in pairs:
                url = reverse("experiments:detail", args=[experiment_id])
                yield Use(model_id, "experiment", title, url)
