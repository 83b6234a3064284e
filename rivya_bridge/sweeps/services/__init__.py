"""Writes of the sweeps app; each raises Refusal and then has changed nothing."""

from rivya_bridge.sweeps.services.changing import (
    cancel_sweep,
    change_sweep,
    pause_sweep,
    resume_sweep,
    retry_cells,
)
from rivya_bridge.sweeps.services.checking import SweepCheck, check_sweep
from rivya_bridge.sweeps.services.starting import refuse_other_lineage, start_sweep

__all__ = [
    "SweepCheck",
    "cancel_sweep",
    "change_sweep",
    "check_sweep",
    "pause_sweep",
    "refuse_other_lineage",
    "resume_sweep",
    "retry_cells",
    "start_sweep",
]
