"""The tables of rehearsal, one module per noun."""

from rivya_bridge.rehearsal.models.drift import DriftSchedule, DriftSlot
from rivya_bridge.rehearsal.models.golden import GoldenCase, GoldenFile
from rivya_bridge.rehearsal.models.rehearsals import Rehearsal, RehearsalCase, Verdict
from rivya_bridge.rehearsal.models.rules import LabelRule, TemplateMeasure

__all__ = [
    "DriftSchedule",
    "DriftSlot",
    "GoldenCase",
    "GoldenFile",
    "LabelRule",
    "Rehearsal",
    "RehearsalCase",
    "TemplateMeasure",
    "Verdict",
]
