from django.urls import path

from rivya_bridge.files.views import content, tidying, vault

app_name = "files"

urlpatterns = [
    # Vault
    path("files/", vault.list_files, name="list"),
    path("files/upload/", vault.upload, name="upload"),
    path("files/keep/", vault.keep, name="keep"),
    path("files/unused/", tidying.unused, name="unused"),
    path("files/unused/remove/", tidying.remove, name="remove_unused"),
    path("files/unused/remove-strays/", tidying.remove_stray, name="remove_strays"),
    # One file
    path("files/<uuid:file_id>/", content.content, name="content"),
    path("files/<uuid:file_id>/about/", vault.about, name="about"),
    path("files/<uuid:file_id>/preview/", content.preview, name="preview"),
    path("files/<uuid:file_id>/preview/<int:side>/", content.preview, name="small_preview"),
    path("files/<uuid:file_id>/peaks/", content.peaks, name="peaks"),
]
