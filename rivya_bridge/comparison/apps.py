from django.apps import AppConfig


class ComparisonConfig(AppConfig):
    name = "rivya_bridge.comparison"
    label = "comparison"

    def ready(self) -> None:
        from rivya_bridge.comparison.file_uses import COMPARISON_USES
        from rivya_bridge.files.uses import register

        register(COMPARISON_USES)
