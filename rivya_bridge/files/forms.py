"""Form fields that take files: chosen now, or sent before and already in the vault."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from rivya_bridge.files.models import StoredFile


class ManyFilesInput(forms.ClearableFileInput):
    """Beside the chosen files, the ids of earlier ones come as `<name>_kept`."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        ids = data.getlist(f"{name}_kept") if hasattr(data, "getlist") else []
        chosen = files.getlist(name) if hasattr(files, "getlist") else files.get(name) or []
        return [*ids, *(chosen if isinstance(chosen, list) else [chosen])]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in files and f"{name}_kept" not in data


class ManyFilesField(forms.FileField):
    """Any number of files. Cleans to a list of ids (of files in the vault) and of uploads, in order.

    `kept` are the files of those ids once they are known, for showing the form again.
    """

    widget = ManyFilesInput
    kept: "list[StoredFile]" = []

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any] | str]":
        """An empty file passes here: the vault refuses it by its name."""
        given = list(data) if isinstance(data, list | tuple) else [data] if data else []
        if not given and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return given


def show_kept(form: forms.BaseForm, stored: Mapping[str, list[StoredFile]]) -> None:
    """Lets a form that comes back show the files that it has brought, so that none is sent again."""
    for name, files in stored.items():
        form.fields[name].kept = files  # type: ignore[attr-defined]
