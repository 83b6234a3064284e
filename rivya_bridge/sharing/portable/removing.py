"""Taking back an experiment that is not whole: nobody has seen it, and nothing else points at it."""

from uuid import UUID

from django.db import transaction

from rivya_bridge.comparison.models import Ballot, Comparison
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.progress import Claim
from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepTry
from rivya_bridge.tasks.models import Task

GROUP = 100


def remove_arriving(experiment_id: UUID, claim: Claim) -> None:
    """In portions, so that nobody has to wait, and again after a death. One that is whole stays."""
    arriving = Experiment.everything.filter(pk=experiment_id, is_arriving=True)
    if not arriving.exists():
        return
    runs = Run.objects.filter(experiment=experiment_id)
    claim.begin(Staged.Stage.REMOVED, runs.count())
    _remove_what_names_runs(experiment_id, claim)
    while group := dict(runs.order_by("-number").values_list("pk", "task_id")[:GROUP]):
        with transaction.atomic():
            claim.keep()
            Run.objects.filter(pk__in=group).delete()
            Task.objects.filter(pk__in=[one for one in group.values() if one]).delete()
        claim.step(len(group))
    arriving.delete()


@transaction.atomic
def _remove_what_names_runs(experiment_id: UUID, claim: Claim) -> None:
    claim.keep()
    for rows in (SweepTry.objects, SweepCell.objects):
        rows.filter(sweep__experiment=experiment_id).delete()
    for model in (Sweep, Ballot, Comparison):
        model._default_manager.filter(experiment=experiment_id).delete()
