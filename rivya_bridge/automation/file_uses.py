"""Which jobs and template versions use a file, for the page of the file."""

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from rivya_bridge.automation.models import Job, TemplateVersion
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.uses import Finder, Use


def _jobs(file: StoredFile, most: int) -> list[Use]:
    uses = Q(task__references__file=file) | Q(task__outputs__file=file)
    rows = Job.objects.filter(uses).select_related("template", "version").distinct()
    return [
        Use(f"Job of {job.template.name}, version {job.version.number}", f"/jobs/{job.pk}/")
        for job in rows.order_by("-id")[:most]
    ]


def _versions(file: StoredFile, most: int) -> list[Use]:
    """Versions whose slots are filled with the file unless a job says otherwise."""
    rows = TemplateVersion.objects.annotate(slots=Cast("file_slots", TextField()))
    rows = rows.filter(slots__contains=str(file.pk)).select_related("template")
    return [
        Use(
            f"{row.template.name}, version {row.number}",
            f"/templates/{row.template.slug}/versions/{row.number}/",
            "file of a slot",
        )
        for row in rows.order_by("-id")[:most]
    ]


JOB_USES = Finder("Jobs", (), _jobs)
TEMPLATE_USES = Finder("Templates", (), _versions)
