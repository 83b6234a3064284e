from django.apps import AppConfig


class PromotionConfig(AppConfig):
    name = "rivya_bridge.promotion"
    label = "promotion"
