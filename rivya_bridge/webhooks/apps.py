from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "rivya_bridge.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from rivya_bridge.tasks.signals import swept
        from rivya_bridge.webhooks.services.matching import on_sweep

        swept.connect(on_sweep, dispatch_uid="webhooks.on_sweep")
