"""https://rivya.ai/docs/api-models"""

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya.choices import MODELS_NEED_KEY
from rivya_bridge.rivya.errors import AuthenticationFailed
from rivya_bridge.rivya.types.model import Model, read_models


class Models:
    """The public model list."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def list(self, max_retries: int | None = None) -> list[Model]:
        """GET /models: every model, callable or not; entries without an id are left out.

        Works without a key; a server that asks for one after all gets it. Raises RivyaError.
        """
        try:
            answer = self._http.send(
                Call("GET", "/models", needs_key=MODELS_NEED_KEY, max_retries=max_retries)
            )
        except AuthenticationFailed:
            if not self._http.has_key:
                raise
            answer = self._http.send(Call("GET", "/models", max_retries=max_retries))
        return read_models(answer.data, answer.meta)
