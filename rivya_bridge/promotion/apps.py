from django.apps import AppConfig


class PromotionConfig(AppConfig):
    name = "rivya_bridge.promotion"
    label = "promotion"

    def ready(self) -> None:
        """What programs name waits for the ladder."""
        from rivya_bridge.automation.services import register_label_gate
        from rivya_bridge.promotion.ladder import label_problems

        register_label_gate(label_problems)
