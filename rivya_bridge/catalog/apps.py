from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "rivya_bridge.catalog"
    label = "catalog"
