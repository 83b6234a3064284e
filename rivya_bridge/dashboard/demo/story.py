"""What the demo does, step by step: record, compare, promote, run, and look at the history."""

from collections.abc import Callable
from typing import Any

from rivya_bridge.dashboard.demo.api_client import ApiClient, DemoFailed
from rivya_bridge.dashboard.demo.audit import audit
from rivya_bridge.dashboard.demo.bottle import draw_bottle

Say = Callable[[str], None]

PROMPT = (
    "Studio photograph of a green glass bottle standing on wet slate, soft window light from the "
    "left, drops on the glass, calm dark background"
)
TEMPLATE_PROMPT = PROMPT.replace("wet slate", "{{ surface }}").replace(
    "soft window light from the left", "{{ light }}"
)
JOBS: tuple[dict[str, str], ...] = (
    {},
    {"surface": "red velvet", "light": "warm golden sunset light"},
    {"surface": "fresh snow in a forest", "light": "cold blue morning light"},
)
SCENES = (
    "A lighthouse on a basalt cliff at dusk, waves breaking, last golden light on the clouds",
    "A paper lantern festival on a river at night, reflections, mist over the water",
)
CLIP_PROMPT = "Slow push-in on a lighthouse at dusk while the beam turns, waves below, no people"
SOUND_PROMPT = "Waves breaking on basalt rocks, distant foghorn, light wind"
LIKED = ("nano-banana-2", "flux-2-pro", "qwen-image", "grok-imagine")
LIKED_PLAIN = "z-image"


def tell(client: ApiClient, say: Say) -> str:
    """The whole main job; returns the id of its first experiment. Raises DemoFailed."""
    models = _models(client)
    bottle = client.upload("bottle.png", draw_bottle(), "image/png")
    say(f"Uploaded a reference picture: {client.base_url}/files/{bottle['id']}/")
    experiment = client.post(
        "/experiments",
        {
            "title": "Bottle on wet slate",
            "question": "Which model keeps the bottle's shape, and does a reference picture help?",
            "brief": "A calm product picture for the shop's front page. The label must stay free.",
            "category": "image",
            "tags": ["demo", "product"],
        },
        key="bottle",
    )
    page = f"{client.base_url}/experiments/{experiment['id']}/"
    say(f"Started the experiment {experiment['title']!r}: {page}")
    runs = _runs(client, say, experiment["id"], models, bottle["id"])
    side_runs = _scenes_and_sound(client, say, models)
    done = [client.wait(f"/runs/{run['id']}", status_of="run") for run in runs]
    good = [run for run in done if run["status"] == "succeeded"]
    if len(good) < 2:
        raise DemoFailed(f"Only {len(good)} of {len(done)} runs succeeded: see Task history.")
    say(f"{len(good)} of {len(done)} runs succeeded.")
    winner = _judge(client, say, experiment["id"], good)
    _record_by_hand(client, say, experiment["id"], winner)
    jobs = _promote_and_run(client, say, winner)
    for run in side_runs:
        client.wait(f"/runs/{run['id']}", status_of="run")
    audit(client, say, jobs)
    return str(experiment["id"])


def _models(client: ApiClient) -> dict[str, list[dict[str, Any]]]:
    """Models to use: known good ones where they are listed, else the cheapest of each kind."""
    listed = [m for m in client.get("/models")["items"] if m["is_available"]]
    cheap = sorted(listed, key=lambda m: (m["id"] not in LIKED, m["base_credits"] or 0, m["id"]))
    pictures = [m for m in cheap if m["category"] == "image" and _takes_text(m)]
    with_reference = [m for m in pictures if m["max_files"] and "image" in m["file_kinds"]]
    plain = [m for m in pictures if not m["max_files"]]
    plain.sort(key=lambda m: m["id"] != LIKED_PLAIN)
    clips = [m for m in cheap if m["category"] == "video" and _takes_text(m)]
    sounds = [m for m in cheap if m["category"] == "audio" and _takes_text(m) and not _required(m)]
    if not with_reference:
        raise DemoFailed("The model list has no picture model that takes a reference picture.")
    return {
        "reference": with_reference[:4],
        "plain": plain[:1],
        "clip": [m for m in clips if not _required(m)][:1],
        "sound": [m for m in sounds if m["id"] != "elevenlabs-dialogue-v3"][:1],
    }


def _takes_text(model: dict[str, Any]) -> bool:
    return "text" in model["supported_api_inputs"]


def _required(model: dict[str, Any]) -> list[str]:
    return [p["key"] for p in model["params"] if p["required"] and p["default"] is None]


def _runs(
    client: ApiClient,
    say: Say,
    experiment_id: str,
    models: dict[str, list[dict[str, Any]]],
    bottle_id: str,
) -> list[dict[str, Any]]:
    """Each model without and, where it takes one, with the reference picture."""
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        (model, []) for model in models["plain"] + models["reference"]
    ]
    wanted += [(model, [bottle_id]) for model in models["reference"]]
    runs = []
    for model, references in wanted:
        key = f"run-{model['id']}-{len(references)}"
        body = {
            "source": "api",
            "model": model["id"],
            "prompt": PROMPT,
            "references": references,
            "note": "with the reference picture" if references else "from the prompt alone",
        }
        runs.append(client.post(f"/experiments/{experiment_id}/runs", body, key=key))
    say(f"Started {len(runs)} runs over {len(models['plain']) + len(models['reference'])} models.")
    return runs


def _scenes_and_sound(
    client: ApiClient, say: Say, models: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """A second, still open experiment with pictures, a clip and a sound."""
    experiment = client.post(
        "/experiments",
        {
            "title": "Lighthouse teaser",
            "question": "Is a still picture enough for the teaser, or is a clip worth its credits?",
            "category": "video",
            "tags": ["demo", "teaser"],
        },
        key="lighthouse",
    )
    wanted = [
        (model, scene) for scene in SCENES for model in (models["plain"] or models["reference"][:1])
    ]
    wanted += [(model, CLIP_PROMPT) for model in models["clip"]]
    wanted += [(model, SOUND_PROMPT) for model in models["sound"]]
    path = f"/experiments/{experiment['id']}/runs"
    runs = [
        client.post(
            path,
            {"source": "api", "model": model["id"], "prompt": prompt},
            key=f"scene-{number}-{model['id']}",
        )
        for number, (model, prompt) in enumerate(wanted)
    ]
    say(f"Started a second experiment with pictures, a clip and a sound: {len(runs)} runs.")
    return runs


def _judge(
    client: ApiClient, say: Say, experiment_id: str, runs: list[dict[str, Any]]
) -> dict[str, Any]:
    """Rates the runs, accepts those with a reference, and keeps a comparison with its winner."""
    with_reference = [run for run in runs if run["references"]] or runs
    winner = min(with_reference, key=lambda run: (run["credits"] or 0, run["number"]))
    for run in runs:
        has_reference = bool(run["references"])
        rating = 5 if run is winner else 4 if has_reference else 2
        verdict = "accepted" if has_reference or run is winner else "rejected"
        client.patch(f"/runs/{run['id']}", {"rating": rating, "verdict": verdict})
    others = [run for run in runs if run is not winner][:3]
    comparison = client.post(
        f"/experiments/{experiment_id}/comparisons",
        {
            "title": "With and without the reference",
            "runs": [run["id"] for run in [winner, *others]],
            "winner": winner["id"],
            "conclusion": "The reference keeps the bottle's shape; without it every try is another.",
        },
        key="comparison",
    )
    say(f"Compared the results side by side: {client.base_url}/comparisons/{comparison['id']}/")
    return winner


def _record_by_hand(
    client: ApiClient, say: Say, experiment_id: str, winner: dict[str, Any]
) -> None:
    """A run as a person would note it from Studio, with the winner's settings and result."""
    client.post(
        f"/experiments/{experiment_id}/runs",
        {
            "source": "studio",
            "model": winner["model"],
            "prompt": winner["prompt"],
            "params": winner["params"],
            "references": [row["file_id"] for row in winner["references"]],
            "results": [row["file_id"] for row in winner["results"]],
            "credits": winner["credits"],
            "duration_seconds": 14.5,
            "rating": 4,
            "verdict": "accepted",
            "note": "Tried first in Studio; the API gave the same.",
        },
        key="studio",
    )
    say("Recorded a Studio run by hand.")


def _promote_and_run(client: ApiClient, say: Say, winner: dict[str, Any]) -> list[dict[str, Any]]:
    template = client.post(
        f"/runs/{winner['id']}/promote",
        {
            "name": "Product on a surface",
            "slug": f"product-on-a-surface-{str(winner['id'])[-6:]}",
            "description": "One product picture in the look that was chosen for the shop.",
            "prompt": TEMPLATE_PROMPT,
            "reason": "Accepted with its reference; the cheapest that kept the shape.",
        },
        key="promote",
    )
    say(f"Promoted the winner to a template: {client.base_url}/templates/{template['slug']}/")
    path = f"/templates/{template['slug']}/jobs"
    started = [
        client.post(path, {"inputs": inputs}, key=f"job-{number}")
        for number, inputs in enumerate(JOBS)
    ]
    jobs = [client.wait(f"/jobs/{job['id']}", status_of="task") for job in started]
    for job in jobs:
        say(f"Job {job['status']}: {client.base_url}/jobs/{job['id']}/")
    return jobs
