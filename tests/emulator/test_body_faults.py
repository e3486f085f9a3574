"""Faults that change what an answer says: a field, its depth, or how it repeats a secret."""

import base64
import html
import json
import math
from urllib.parse import unquote

import pytest

from tests.emulator import noted


@pytest.fixture
def look(emulator, fail, refold, start):
    """Check the status of a run that is over, with a fault."""

    def look(fault: str, **options: object):
        emulator.set_pace(seconds=0)
        execution_id = start("sync-contacts", {"a": 1})
        fail("get", fault, **options)
        answer = refold.get(f"/execution/{execution_id}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        return answer

    return look


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", 7),
        ("completion_percentage", "all"),
        ("nodes", {"1": {}}),
        ("linked_account_id", {"id": [None]}),
        ("brand_new", True),
    ],
)
def test_garbled_has_one_field_that_is_wrong_and_all_others_right(look, field, value):
    right = look("garbled", field="name", value="x").json()
    garbled = look("garbled", field=field, value=value).json()
    assert garbled.pop(field) == value
    right.pop(field, None)
    assert {**garbled, "name": ""} == {**right, "name": ""}


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("nodes.0.node_name", lambda body: [body["nodes"][0]["node_name"]]),
        ("nodes.*.node_name", lambda body: [node["node_name"] for node in body["nodes"]]),
        ("nodes.9", lambda body: [body["nodes"][9]]),
        ("nodes.0.latest_output.*", lambda body: body["nodes"][0]["latest_output"].values()),
        ("org_id.deeper.still", lambda body: [body["org_id"]["deeper"]["still"]]),
    ],
)
def test_a_garbled_field_is_found_by_its_path(look, field, read):
    """A number is a place in a list, an asterisk all of them; what is not there is made."""
    body = look("garbled", field=field, value=[7]).json()
    assert {json.dumps(seen) for seen in read(body)} == {"[7]"}
    assert body["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (2**70, str(2**70)),
        ("\ud800", '"\\ud800"'),
        (None, "null"),
    ],
)
def test_a_garbled_value_may_be_what_json_can_hardly_say(look, value, text):
    answer = look("garbled", field="status", value=value)
    assert f'"status": {text}' in answer.text


def test_without_a_field_the_status_is_garbled_wherever_the_vendor_says_it(
    emulator, fail, refold, start, reach
):
    start("sync-contacts")
    start("never-ends")
    fail("list", "garbled", value=None)
    assert [item["status"] for item in refold.get("/execution").json()["docs"]] == [None, None]

    account = emulator.account("promptlayer")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    started = client.post("/workflows/answer-question/run", json={}).json()
    emulator.fail("promptlayer", "results", "garbled", value=3)
    emulator.set_pace(seconds=0)
    nodes = client.get("/workflow-version-execution-results", params={**started, "return_all_outputs": True})
    assert {node["status"] for node in nodes.json().values()} == {3}


@pytest.mark.parametrize(
    ("field", "told"), [("execution_id", False), ("message", True), ("message.execution_id", True)]
)
def test_a_garbled_start_is_answered_if_its_id_can_still_be_read(emulator, fail, begin, field, told):
    fail("execute", "garbled", field=field, value="x")
    answer = begin()
    (run,) = emulator.runs()
    assert run["answered"] is told
    assert (run["execution_id"] in answer.text) is told
    assert noted(emulator) == [(200, "garbled")]


def test_deep_json_is_a_right_answer_with_a_deep_field(emulator, fail, begin):
    fail("execute", "deep_json")
    text = begin().text
    deep = "[" * 1500 + "]" * 1500
    assert text.count(deep) == 1
    assert json.loads(text.replace(deep, "[]")) == {
        "message": "Workflow execution started",
        "execution_id": emulator.runs()[0]["execution_id"],
        "deep": [],
    }


def test_the_output_may_be_what_is_deep(look):
    body = look("deep_json", field="nodes.3.latest_output.items", depth=3).json()
    assert body["nodes"][3]["latest_output"]["items"] == [[[]]]
    assert body["status"] == "COMPLETED"


def test_an_answer_that_is_no_object_becomes_one_to_be_deep(emulator, reach):
    account = emulator.account("laminar")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    emulator.set_pace(seconds=0)
    for workflow in ("42", "43", "46"):
        emulator.fail("laminar", "execute", "deep_json", depth=2)
        answer = client.post(f"/workflow/execute/external/{workflow}")
        assert (answer.json(), answer.headers["content-type"]) == ({"deep": [[]]}, "application/json")


def unfolded(text: str) -> str:
    return text.replace("\r\n ", "")


def from_json(text: str) -> str:
    return json.loads(f'"{text}"')


#: How each encoding is read back, and how many times.
READ_BACK = {
    "plain": str,
    "json": from_json,
    "percent": unquote,
    "percent_lower": unquote,
    "html": html.unescape,
    "folded": unfolded,
}


@pytest.fixture
def echoed(emulator, fail, begin):
    """Let a start repeat the key in this encoding; return the message, the body as it came, and the key."""

    def echoed(encoding: str) -> tuple[str, str, str]:
        fail("execute", "echo_secret", encoding=encoding)
        answer = begin()
        assert answer.status_code == 401
        return answer.json()["message"], answer.text, emulator.account("refold")["api_key"]

    return echoed


@pytest.mark.parametrize("encoding", READ_BACK)
def test_echo_secret_repeats_the_key_so_that_only_who_decodes_it_finds_it(echoed, encoding):
    said, _, key = echoed(encoding)
    *_, written = said.removesuffix(")").split("(") if encoding == "json" else said.split(": ")
    assert READ_BACK[encoding](written) == key
    assert (written == key) is (encoding == "plain")


def test_json_is_also_how_the_body_itself_is_written(echoed):
    """As by a server that escapes more than it must: the key is in the message, and not in the bytes."""
    said, text, key = echoed("json")
    assert key in said
    assert key not in text


def test_percent_is_written_in_capitals_or_small_letters(echoed):
    upper, lower = echoed("percent")[0], echoed("percent_lower")[0]
    assert "%5F" in upper
    assert "%5f" in lower
    assert upper.count("%") == lower.count("%") > 20


def test_base64_is_of_the_key_alone_and_behind_a_user(echoed):
    said, _, key = echoed("base64")
    alone, behind = said.removeprefix("Invalid Credentials: ").split(" Basic ")
    assert base64.b64decode(alone).decode() == key
    assert base64.b64decode(behind).decode() == f"airflow:{key}"


def test_half_is_the_first_half(echoed):
    said, text, key = echoed("half")
    assert said.endswith(f": {key[: len(key) // 2]}")
    assert key not in text


def test_the_scheme_of_a_header_stays_to_be_read(emulator, reach):
    account = emulator.account("altostrat")
    client = reach(account["base_url"], {"Authorization": f"Bearer {account['api_key']}"})
    emulator.fail("altostrat", "execute", "echo_secret", encoding="percent", status=403)
    said = client.post("/workflows/fl_sync_sites/execute").json()["message"]
    assert ": Bearer %61l" in said
    assert unquote(said).endswith(f"Bearer {account['api_key']}")
