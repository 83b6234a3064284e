"""The vault: every file once, named by the SHA-256 of its bytes."""

from django.db import models
from django.utils import timezone

from rivya_bridge.files.preview import srcset
from rivya_bridge.identifiers import new_id


class Kind(models.TextChoices):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class StoredFile(models.Model):
    """One content. Its bytes lie in FILES_DIR at ``ab/cd/<sha256>``; what is known of them here.

    `width` and `height` are pixels (image, video), `duration_seconds` is for video and audio,
    `preview_width`/`preview_height` are those of a small WebP picture (image, video), 0 without one.
    `frame_rate` is frames per second (video), `level_db` the loudness as RMS in dBFS (audio); None for
    files that were kept before these were measured. `seen_at`: when it was last added, so that what
    somebody is about to use is not removed as unused.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    mime_type = models.CharField(max_length=60)
    size_bytes = models.BigIntegerField()
    name = models.CharField(max_length=200)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    duration_seconds = models.FloatField(null=True)
    frame_rate = models.FloatField(null=True)
    level_db = models.FloatField(null=True)
    preview_width = models.IntegerField(default=0)
    preview_height = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @property
    def srcset(self) -> str:
        """The sizes of the preview, as a browser chooses from them; '' without one."""
        return srcset(self.pk, self.preview_width, self.preview_height)


class RemoteFile(models.Model):
    """A content as uploaded to one account of Rivya, so that it is uploaded once."""

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="remote_files")
    account = models.CharField(max_length=16)
    remote_id = models.CharField(max_length=255)
    url = models.TextField()
    duration_token = models.TextField(blank=True)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "account"], name="one_upload_per_account")
        ]


class UploadClaim(models.Model):
    """Somebody is uploading a content to an account until then, so that nobody else does."""

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="upload_claims")
    account = models.CharField(max_length=16)
    owner = models.CharField(max_length=32)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "account"], name="one_upload_at_a_time")
        ]
