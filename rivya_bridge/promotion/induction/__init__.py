"""Induction: the template that a row of prompts was made from. Pure functions over texts."""

from rivya_bridge.promotion.induction.declarations import (
    declare,
    inputs_of,
    kind_of,
    source_of,
    switch_of,
)
from rivya_bridge.promotion.induction.induce import induce
from rivya_bridge.promotion.induction.shape import Induction, Piece, Shape, Slot

__all__ = [
    "Induction",
    "Piece",
    "Shape",
    "Slot",
    "declare",
    "induce",
    "inputs_of",
    "kind_of",
    "source_of",
    "switch_of",
]
