"""A key that was typed is found nowhere afterwards."""

import logging

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from rivya_bridge.connection import close_clients, current_connection
from rivya_bridge.connection.models import SavedConnection
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from tests.experiments.factories import add_models, make_experiment, start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]

CANARY = "rvya_sk_canary_5up3rs3cr3t_q8w7e6r5"


@pytest.fixture
def echo(monkeypatch):
    """A server that takes the key for its balance, and quotes it in every refusal."""
    import json
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fine = self.path.endswith("/credits")
            self._answer(200 if fine else 400, {"current_credits": 50} if fine else self._error())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(400, self._error())

        def _error(self) -> dict:
            said = f"I was sent {self.headers.get('Authorization')}"
            return {"error": {"code": "validation_failed", "message": said}}

        def _answer(self, status: int, body: dict) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    close_clients()


def pages_of(client: Client, *addresses: str) -> str:
    return "".join(client.get(address).content.decode() for address in addresses)


def test_a_key_is_found_in_no_file_no_page_no_session_and_no_log(
    signed_in_client, api_client, echo, caplog, settings
):
    caplog.set_level(logging.DEBUG)
    add_models("z-image")
    sent = {"name": "Shop", "base_url": echo, "api_key": CANARY}
    seen = [signed_in_client.post("/connection/new/", sent | {"name": ""}).content.decode()]
    seen.append(signed_in_client.post("/connection/new/", sent, follow=True).content.decode())
    row = SavedConnection.objects.get()
    signed_in_client.post(reverse("dashboard:use_connection", args=[row.pk]))
    assert current_connection().api_key == CANARY
    seen.append(signed_in_client.post("/connection/check/", follow=True).content.decode())
    task = start(make_experiment()).task
    advance(task.pk)
    assert "[key]" in Task.objects.get(pk=task.pk).error_message
    signed_in_client.post("/models/refresh/")
    seen.append(pages_of(signed_in_client, "/", "/connection/", "/models/", f"/tasks/{task.pk}/"))
    seen.append(pages_of(api_client, "/api/v1/connection", f"/api/v1/tasks/{task.pk}"))
    assert Session.objects.count()
    seen += [str(session.get_decoded()) for session in Session.objects.all()]
    seen.append(caplog.text)
    assert "[masked]" in "".join(seen) or "[key]" in "".join(seen)
    assert not [text for text in seen if CANARY in text]
    folder = settings.BRIDGE_DATA_DIR
    found = [
        path
        for path in folder.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert found == []
    tables = [path for path in folder.glob("tests.sqlite3*") if path.is_file()]
    assert any(row.encrypted_key.encode() in path.read_bytes() for path in tables)
