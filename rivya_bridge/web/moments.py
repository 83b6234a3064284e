"""A time as the lists show it: for machines, exactly, and as how long ago."""

from datetime import datetime

from rivya_bridge.web.templatetags.bridge import ago, exact


def moment(at: datetime) -> dict[str, str]:
    """`iso` for the datetime attribute, `exact` for the title, `ago` for the text."""
    return {"iso": at.isoformat(), "exact": exact(at), "ago": ago(at)}
