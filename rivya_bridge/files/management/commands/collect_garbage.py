"""`manage.py collect_garbage`: removes files that nothing uses, and bytes that no row knows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.removing import Removed, removable_files, remove_files, remove_strays
from rivya_bridge.files.strays import Stray, stray_bytes, without_bytes


class Command(BaseCommand):
    help = "Lists what nothing uses, with sizes, and removes it; --dry-run only lists."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list, and remove nothing")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        now = timezone.now()
        files, strays = removable_files(now), stray_bytes(now)
        self._list(files, strays)
        if dry_run:
            self.stdout.write("Nothing was removed (--dry-run).")
            return
        self._say("unused files", remove_files(files, now))
        self._say("leftovers on disk", remove_strays(strays))

    def _list(self, files: list[StoredFile], strays: list[Stray]) -> None:
        for file in files:
            self.stdout.write(f"unused   {file.pk}  {_size(file.size_bytes):>9}  {file.name}")
        for stray in strays:
            self.stdout.write(f"leftover {_size(stray.size_bytes):>9}  {stray.path}")
        for file in without_bytes():
            self.stdout.write(
                f"no bytes {file.pk}  {file.name}: add the file again to put them back"
            )
        size = sum(file.size_bytes for file in files) + sum(one.size_bytes for one in strays)
        self.stdout.write(
            f"{len(files)} unused files and {len(strays)} leftovers on disk, {_size(size)} in all."
        )

    def _say(self, what: str, removed: Removed) -> None:
        left = f"; {removed.left} stayed, in use by now" if removed.left else ""
        self.stdout.write(
            f"Removed {removed.files} {what}, {_size(removed.size_bytes)} freed{left}."
        )


def _size(count: int) -> str:
    return filesizeformat(count).replace("\xa0", " ")
