"""Which kept comparisons show a file, for the page of the file."""

from django.db.models import Q

from rivya_bridge.comparison.models import Comparison
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.uses import Finder, Use


def _find(file: StoredFile, most: int) -> list[Use]:
    shows = Q(items__run__results__file=file) | Q(items__run__references__file=file)
    rows = Comparison.objects.filter(shows).distinct().order_by("-id")[:most]
    return [Use(row.title, f"/comparisons/{row.pk}/") for row in rows]


COMPARISON_USES = Finder("Comparisons", (), _find)
