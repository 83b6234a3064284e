"""The one signal of this app: upper apps listen because a task may not know them."""

from django.dispatch import Signal

# Sent inside the finishing transaction with `task`, which is terminal; its outputs have their files.
task_finished = Signal()
