from django.urls import path

from rivya_bridge.files.views import content, vault

app_name = "files"

urlpatterns = [
    # Vault
    path("files/", vault.list_files, name="list"),
    path("files/upload/", vault.upload, name="upload"),
    path("files/keep/", vault.keep, name="keep"),
    # One file
    path("files/<uuid:file_id>/", content.content, name="content"),
    path("files/<uuid:file_id>/preview/", content.preview, name="preview"),
    path("files/<uuid:file_id>/peaks/", content.peaks, name="peaks"),
]
