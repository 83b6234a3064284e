import ast
import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rivya_bridge.files.models import StoredFile
from rivya_bridge.tasks.code import Call, as_curl, as_python, as_typescript

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=60)
NASTY = st.text(st.sampled_from("'\"\\$`!%{}\n\r\t;&|<>#*~ a\u2028"), max_size=40)
WORDS = st.one_of(TEXT, NASTY)
PARAMS = st.dictionaries(WORDS, st.one_of(WORDS, st.integers(), st.booleans()), max_size=3)
EVERY = (as_curl, as_python, as_typescript)

# A stand-in for curl that prints its arguments, each behind a NUL.
CURL = "curl() { printf '\\0%s' \"$@\"; }\n"


def png(name: str) -> StoredFile:
    return StoredFile(name=name, kind="image", mime_type="image/png", sha256="a" * 64)


def shell(script: str) -> list[str]:
    done = subprocess.run(
        [shutil.which("sh") or "/bin/sh", "-eu", "-c", CURL + script],
        capture_output=True,
        check=True,
        env={"RIVYA_API_KEY": "the-key", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout.decode().split("\0")[1:]


def test_it_works():
    call = Call("z-image", "A bottle", {"aspect_ratio": "1:1"})
    arguments = shell(as_curl(call))
    assert "https://rivya.ai/api/v1/generations" in arguments
    assert "Authorization: Bearer the-key" in arguments
    assert json.loads(arguments[-1]) == call.body
    ast.parse(as_python(call))
    assert '"prompt": "A bottle"' in as_typescript(call)


@settings(max_examples=30)
@given(WORDS, WORDS, PARAMS)
def test_the_shell_reads_back_what_was_quoted(model, prompt, params):
    call = Call(model, prompt, params)
    assert json.loads(shell(as_curl(call))[-1]) == call.body


@settings(max_examples=60)
@given(WORDS, WORDS, PARAMS)
def test_python_reads_back_what_was_quoted(model, prompt, params):
    call = Call(model, prompt, params)
    tree = ast.parse(as_python(call))
    [body] = [node.value for node in tree.body if _assigns(node, "BODY")]
    assert ast.literal_eval(body) == call.body


def _assigns(node: ast.stmt, name: str) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    return isinstance(node.targets[0], ast.Name) and node.targets[0].id == name


@settings(max_examples=60)
@given(WORDS, WORDS, PARAMS)
def test_typescript_reads_back_what_was_quoted(model, prompt, params):
    call = Call(model, prompt, params)
    text = as_typescript(call).split("const body: any = ", 1)[1]
    body, end = json.JSONDecoder().raw_decode(text)
    assert body == call.body
    assert text[end:].startswith(";\n")
    assert not {"\u2028", "\u2029"} & set(text[:end])


@pytest.mark.parametrize("write", EVERY)
def test_the_key_is_only_ever_the_environment_variable(write):
    code = write(Call("z-image", "A bottle", {}, [png("a.png")]))
    assert "RIVYA_API_KEY" in code
    assert "rvya_sk" not in code


@pytest.mark.parametrize("write", EVERY)
def test_references_are_uploaded_first_and_attached_in_order(write):
    code = write(Call("flux-2-pro", "A bottle", {}, [png("a.png"), png("b.png")]))
    assert code.index("/api/v1/files") < code.index("/api/v1/generations")
    assert code.index("a.png") < code.index("b.png")
    assert "referenceMediaItems" in code


@pytest.mark.parametrize("write", EVERY)
@pytest.mark.parametrize(
    "name", ["a;b.png", "-rf.png", "$(id).png", "a\n.png", "../x.png", "é.png"]
)
def test_a_file_name_that_needs_quoting_gives_way_to_a_plain_one(write, name):
    code = write(Call("flux-2-pro", "A bottle", {}, [png(name)]))
    assert "reference-1.png" in code
    assert name not in code


def test_code_with_references_parses():
    call = Call("flux-2-pro", "It's", {"resolution": "2K"}, [png("a.png")])
    ast.parse(as_python(call))
    subprocess.run(["/bin/sh", "-n", "-c", as_curl(call)], check=True)


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_the_shell_puts_uploaded_references_into_the_body():
    call = Call("flux-2-pro", "It's", {"resolution": "2K"}, [png("a.png")])
    script = as_curl(call)
    uploaded = {
        "url": "https://x.test/a",
        "kind": "image",
        "name": "a.png",
        "mime_type": "image/png",
        "duration_seconds": None,
    }
    stand_in = "curl() { case \"$*\" in *v1/files*) printf '%s' '" + json.dumps(uploaded) + "' ;; "
    stand_in += "*) printf '\\0%s' \"$@\" ;; esac; }\n"
    body = json.loads(shell(stand_in + script)[-1])
    assert body["params"]["referenceMediaItems"] == [
        {"url": "https://x.test/a", "kind": "image", "name": "a.png", "mimeType": "image/png"}
    ]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_curl_code_runs_as_it_is_against_the_sandbox(sandbox, tmp_path):
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "a.png")
    call = Call("flux-2-pro", 'It\'s a "cup"\n$HOME', {"resolution": "2K"}, [png("a.png")])
    done = subprocess.run(
        ["/bin/sh", "-c", as_curl(call, sandbox.base_url)],
        capture_output=True,
        cwd=tmp_path,
        env={"RIVYA_API_KEY": "rvya_sk_sandbox_full", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["model"] == "flux-2-pro"
    assert answer["id"]
