from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "rivya_bridge.experiments"
    label = "experiments"

    def ready(self) -> None:
        from rivya_bridge.catalog.uses import register_uses
        from rivya_bridge.experiments.file_uses import RUN_USES
        from rivya_bridge.experiments.model_uses import experiment_uses
        from rivya_bridge.experiments.receivers import copy_outputs
        from rivya_bridge.files.uses import register
        from rivya_bridge.tasks.signals import task_finished

        task_finished.connect(copy_outputs, dispatch_uid="experiments.copy_outputs")
        register_uses("experiments", experiment_uses)
        register(RUN_USES)
