"""The wallet (docs/api-credits)."""

from __future__ import annotations

from .words import AMOUNT, Json, as_json, call, record, ref

PATHS: Json = {
    "/api/v1/credits": {
        "get": call("getCredits", 200, as_json(ref("Credits")), scope="credits:read")
    }
}
SCHEMAS: Json = {"Credits": record(current_credits=AMOUNT)}
