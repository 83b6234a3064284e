from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "rivya_bridge.files"
    label = "files"
