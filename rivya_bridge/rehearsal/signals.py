"""The signals of this app: upper apps listen because a rehearsal may not know them."""

from django.dispatch import Signal

# Sent inside the transaction that finishes it, with `rehearsal`, which has its verdict.
rehearsal_finished = Signal()
