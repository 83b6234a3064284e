"""Chromium plays what the sandbox makes."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox

pytestmark = pytest.mark.browser
FULL = {"Authorization": "Bearer rvya_sk_sandbox_full"}
VOICE = {"voice": "TX3LPaxmHKxFdv7VOQHJ"}
# Resolves once the media has really advanced; anything else is the reason why not.
PLAY = """async ([kind, url]) => {
  const media = document.createElement(kind);
  media.muted = true; media.src = url; document.body.append(media);
  const said = await new Promise((resolve) => {
    media.ontimeupdate = () => { if (media.currentTime > 0) resolve("plays"); };
    media.onerror = () => resolve(`error ${media.error.code}: ${media.error.message}`);
    media.play().catch((error) => resolve(String(error)));
  });
  return { said, seconds: media.duration, width: media.videoWidth ?? 0, ready: media.readyState };
}"""


@pytest.fixture(scope="module")
def media_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("media")) as running:
        yield running


def made(sandbox: RunningSandbox, model: str, **params: object) -> str:
    """The address of a finished result."""
    with httpx.Client(base_url=sandbox.base_url, headers=FULL) as api:
        body = {"model": model, "prompt": "Calm rain, is it late?", "params": params}
        task = api.post("/api/v1/generations", json=body).json()
        while task["status"] not in {"succeeded", "failed"}:
            task = api.get(f"/api/v1/generations/{task['id']}").json()
    return str(task["result"]["primary_url"])


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("seedance-2", {"generate_audio": "true"}),
        ("sora-2", {"aspect_ratio": "portrait"}),
        ("suno-music", {}),
        ("elevenlabs-turbo-2-5", VOICE),
        *(
            ("elevenlabs-sound-effect-v2", {"output_format": form})
            for form in ("mp3_44100_192", "opus_48000_64", "pcm_16000", "ulaw_8000", "alaw_8000")
        ),
    ],
)
def test_chromium_plays_it(
    browser: Browser, media_sandbox: RunningSandbox, model: str, params: dict[str, object]
) -> None:
    url = made(media_sandbox, model, **params)
    kind = "video" if url.endswith(".mp4") else "audio"
    page = browser.new_page()
    try:
        page.goto(f"{media_sandbox.base_url}/api/v1/models")
        found = page.evaluate(PLAY, [kind, url])
    finally:
        page.close()

    assert found["said"] == "plays"
    assert found["seconds"] > 1
    assert found["ready"] >= 2
    assert (found["width"] > 0) is (kind == "video")


def test_a_file_that_is_no_media_does_not_play(
    browser: Browser, media_sandbox: RunningSandbox
) -> None:
    page = browser.new_page()
    try:
        page.goto(f"{media_sandbox.base_url}/api/v1/models")
        address = f"{media_sandbox.base_url}/api/v1/openapi.json"
        found = page.evaluate(PLAY, ["video", address])
    finally:
        page.close()

    assert found["said"] != "plays"
