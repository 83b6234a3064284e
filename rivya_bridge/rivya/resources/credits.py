"""https://rivya.ai/docs/api-credits"""

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya.types.credits import Credits, read_credits


class CreditsResource:
    """The wallet."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def retrieve(self, max_retries: int | None = None) -> Credits:
        """GET /credits: the balance. Needs the scope credits:read. Raises RivyaError."""
        answer = self._http.send(Call("GET", "/credits", max_retries=max_retries))
        return read_credits(answer.data, answer.meta)
