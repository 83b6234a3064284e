from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CreditsConfig(AppConfig):
    name = "rivya_bridge.credits"
    label = "credits"

    def ready(self) -> None:
        """The ledger's guards outlast every migration."""
        from rivya_bridge.credits.guards import keep_ledger

        post_migrate.connect(keep_ledger, sender=self)
