"""The signals of this app: upper apps listen because a task may not know them."""

from django.dispatch import Signal

# Sent inside the finishing transaction with `task`, which is terminal; its outputs have their files.
task_finished = Signal()

# Sent inside the transaction that reserves a task's credits, with `task`, before anything of it is sent. A
# receiver that returns a reason and a sentence holds it.
reserving = Signal()

# Sent inside the transaction that puts a task aside, with `task` and its reason on it.
task_held = Signal()

# Sent at the end of every sweep, outside transactions, in whatever process swept; more than one may.
# A receiver that fails is logged and holds nothing else up.
swept = Signal()
