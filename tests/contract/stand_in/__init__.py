"""Another server of Rivya's API, written from its documentation alone: it imports nothing of the product.

`world` knows tasks, files and conversations; `variants` names the ways in which it may answer where the
documentation leaves something open; `faults` spoils single answers; `server` speaks HTTP.
"""

from .faults import Fault
from .server import standing_in
from .variants import VARIANTS, Variant
from .world import KEY, PRICE, World

__all__ = ["KEY", "PRICE", "VARIANTS", "Fault", "Variant", "World", "standing_in"]
