"""The tables of automation, one module per noun."""

from rivya_bridge.automation.models.batches import Batch, BatchRow
from rivya_bridge.automation.models.jobs import Job
from rivya_bridge.automation.models.labels import LabelMove, TemplateLabel
from rivya_bridge.automation.models.schedules import Schedule, ScheduleSlot
from rivya_bridge.automation.models.templates import JobTemplate, TemplateVersion
from rivya_bridge.automation.models.timetables import Slot, Timetable

__all__ = [
    "Batch",
    "BatchRow",
    "Job",
    "JobTemplate",
    "LabelMove",
    "Schedule",
    "ScheduleSlot",
    "Slot",
    "TemplateLabel",
    "TemplateVersion",
    "Timetable",
]
