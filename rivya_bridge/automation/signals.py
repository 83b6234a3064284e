"""The signals of this app: upper apps listen because a batch may not know them."""

from django.dispatch import Signal

# Sent inside the transaction that finishes it, with `batch`. A retry of rows may finish it again.
batch_finished = Signal()
