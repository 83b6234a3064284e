"""Which golden cases hold a file as their accepted result, for the page of the file."""

from django.urls import reverse

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.uses import Finder, Use
from rivya_bridge.rehearsal.models import GoldenCase, GoldenFile


def _find(file: StoredFile, most: int) -> list[Use]:
    rows = GoldenCase.objects.filter(files__file=file).select_related("template").distinct()
    return [
        Use(
            f"{case.name}, {case.template.name}",
            reverse("rehearsal:golden", args=[case.template.slug]),
            "replaced" if case.ended_at else "",
        )
        for case in rows.order_by("-id")[:most]
    ]


GOLDEN_USES = Finder("Golden cases", (GoldenFile,), _find)
