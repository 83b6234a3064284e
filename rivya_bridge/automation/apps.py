from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "rivya_bridge.automation"
    label = "automation"

    def ready(self) -> None:
        from rivya_bridge.automation.model_uses import template_uses
        from rivya_bridge.catalog.uses import register_uses

        register_uses("automation", template_uses)
