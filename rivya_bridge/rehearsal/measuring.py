"""How far a result is from the accepted one: the largest distance of what stands at the same place."""

from rivya_bridge.likeness.comparing import compare
from rivya_bridge.likeness.distance import NotComparable
from rivya_bridge.rehearsal.expectations import Result
from rivya_bridge.rehearsal.verdicts import Measured


def measure(accepted: Result, result: Result) -> Measured:
    """Opens and decodes the files, which may take seconds: never on the way of a request.

    Of different numbers of results those that have a partner are measured. No distance, with the
    reason, where a file is gone or cannot be read, or where the kinds differ.
    """
    if accepted.kind != result.kind:
        return Measured(None, f"A distance needs one kind: {accepted.kind} and {result.kind}.")
    pairs = zip(accepted.parts, result.parts, strict=False)
    try:
        found = [compare(accepted.kind, one, other) for one, other in pairs]
    except NotComparable as error:
        return Measured(None, error.message)
    far = max(found, key=lambda distance: distance.value)
    return Measured(far.value, detail=far.detail)
