from django.apps import AppConfig


class PromotionConfig(AppConfig):
    name = "rivya_bridge.promotion"
    label = "promotion"

    def ready(self) -> None:
        """What programs name waits for the ladder; when votes have settled something is a rule of ours."""
        from rivya_bridge.automation.services import register_label_gate
        from rivya_bridge.comparison.judging.settled import register_leader_percent
        from rivya_bridge.promotion.ladder import label_problems
        from rivya_bridge.promotion.readiness.selectors import current_rules

        register_label_gate(label_problems)
        register_leader_percent(lambda: current_rules().leader_percent)
