"""Datalab: starts."""

import pytest

from tests.emulator.datalab import EXECUTIONS, ONE, TWO, WORKFLOWS


def test_a_start_returns_a_whole_number_and_a_status_in_lower_case(emulator, datalab):
    response = datalab.post(f"{WORKFLOWS}/101/execute", json={"input_config": ONE})
    number = response.json()["execution_id"]
    assert response.status_code == 200
    assert response.json() == {"execution_id": number, "status": "processing", "success": True}
    assert type(number) is int
    assert number > 0
    (run,) = emulator.runs()
    assert run.pop("started_at")
    assert run == {
        "vendor": "datalab",
        "execution_id": str(number),
        "workflow_id": "101",
        "input": ONE,
        "status": "PENDING",
        "stops": 0,
        "is_terminal": False,
        "tag": None,
        "mode": "ASYNC",
        "id_received": True,
    }


def test_the_field_of_the_id_may_have_another_name(emulator, datalab):
    emulator.configure("datalab", start_id_field="id")
    body = datalab.post(f"{WORKFLOWS}/101/execute", json={}).json()
    assert body == {"id": int(emulator.runs()[0]["execution_id"]), "status": "processing", "success": True}
    assert emulator.runs()[0]["id_received"] is True


def test_every_start_is_a_new_run_also_after_a_reset(emulator, execute):
    """The vendor has no idempotency key."""
    seen = [execute(), execute()]
    emulator.reset()
    seen.append(execute())
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    "given",
    [
        ONE,
        {"type": "file_list", "file_urls": ["https://example.com/file1.pdf"]},
        TWO,
        {"bucket": "b", "prefix": "path/", "pattern": "*.pdf", "storage_type": "s3"},
        {"file_urls": ["http://example.com/b ä.pdf?sig=a%2Fb"], "anything": ["else"]},
        {"file_url": None, "file_urls": None},
        {"file_urls": []},
        {},
        None,
    ],
)
def test_every_kind_of_input_is_accepted_and_recorded_as_given(emulator, execute, given):
    execute(101, given)
    assert emulator.runs()[0]["input"] == given


@pytest.mark.parametrize("content", [b"", b"{}", b'{"other": 1}'])
def test_the_input_and_the_body_are_optional(emulator, datalab, content):
    assert datalab.post(f"{WORKFLOWS}/101/execute", content=content).status_code == 200
    assert emulator.runs()[0]["input"] == {}


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (
            "abc",
            b"{}",
            {
                "type": "int_parsing",
                "loc": ["path", "workflow_id"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "abc",
            },
        ),
        (
            "101",
            b'{"input_config": "https://example.com/file.pdf"}',
            {
                "type": "dict_type",
                "loc": ["body", "input_config"],
                "msg": "Input should be a valid dictionary",
                "input": "https://example.com/file.pdf",
            },
        ),
        (
            "101",
            b"[1]",
            {
                "type": "model_attributes_type",
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": [1],
            },
        ),
    ],
)
def test_a_start_of_the_wrong_shape_is_refused_in_fastapis_words(emulator, datalab, path, body, error):
    response = datalab.post(f"{WORKFLOWS}/{path}/execute", content=body)
    assert (response.status_code, response.json()) == (422, {"detail": [error]})
    assert emulator.runs() == []


NO_URL = {"type": "url_parsing", "msg": "Input should be a valid URL"}
NO_SCHEME = {"type": "url_scheme", "msg": "URL scheme should be 'http', 'https' or 'datalab'"}
NO_STRING = {"type": "string_type", "msg": "Input should be a valid string"}
NO_LIST = {"type": "list_type", "msg": "Input should be a valid list"}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"file_url": "report.pdf"}, [(["file_url"], NO_URL, "report.pdf")]),
        ({"file_url": "/data/report.pdf"}, [(["file_url"], NO_URL, "/data/report.pdf")]),
        ({"file_url": ""}, [(["file_url"], NO_URL, "")]),
        ({"file_url": "https://"}, [(["file_url"], NO_URL, "https://")]),
        ({"file_url": "https:///a.pdf"}, [(["file_url"], NO_URL, "https:///a.pdf")]),
        ({"file_url": "http://[::1/a.pdf"}, [(["file_url"], NO_URL, "http://[::1/a.pdf")]),
        ({"file_url": "datalab://"}, [(["file_url"], NO_URL, "datalab://")]),
        ({"file_url": "s3://bucket/a.pdf"}, [(["file_url"], NO_SCHEME, "s3://bucket/a.pdf")]),
        ({"file_url": "file:///etc/passwd"}, [(["file_url"], NO_SCHEME, "file:///etc/passwd")]),
        ({"file_url": 7}, [(["file_url"], NO_STRING, 7)]),
        ({"file_url": ["https://a.b/c"]}, [(["file_url"], NO_STRING, ["https://a.b/c"])]),
        ({"file_urls": "https://a.b/c"}, [(["file_urls"], NO_LIST, "https://a.b/c")]),
        ({"file_urls": {"0": "https://a.b/c"}}, [(["file_urls"], NO_LIST, {"0": "https://a.b/c"})]),
        (
            {"file_url": "a", "file_urls": ["https://a.b/c", None, "b.pdf"]},
            [
                (["file_url"], NO_URL, "a"),
                (["file_urls", 1], NO_STRING, None),
                (["file_urls", 2], NO_URL, "b.pdf"),
            ],
        ),
    ],
)
def test_a_file_without_a_url_is_refused_with_its_location(emulator, datalab, given, problems):
    """Every invalid file is named, as FastAPI does."""
    response = datalab.post(f"{WORKFLOWS}/101/execute", json={"input_config": given})
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {**problem, "loc": ["body", "input_config", *location], "input": value}
            for location, problem, value in problems
        ]
    }
    assert emulator.runs() == []


@pytest.mark.parametrize("content", [b"null", b"7", b'"text"', b"{broken", b'{"input_config": []}'])
def test_a_body_and_an_input_are_objects(datalab, content):
    assert datalab.post(f"{WORKFLOWS}/101/execute", content=content).status_code == 422


def test_an_execution_id_that_is_not_a_whole_number_is_refused(datalab):
    response = datalab.get(f"{EXECUTIONS}/pex_abc123")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "execution_id"]


@pytest.mark.parametrize("request_", [("POST", f"{WORKFLOWS}/999/execute"), ("GET", f"{EXECUTIONS}/1")])
def test_what_does_not_exist_is_404_with_a_detail(emulator, datalab, request_):
    response = datalab.request(*request_)
    assert response.status_code == 404
    assert response.json().keys() == {"detail"}
    assert isinstance(response.json()["detail"], str)
    assert emulator.runs() == []


def test_nothing_stops_or_lists_runs(emulator, datalab, execute):
    execution_id = execute(103)
    assert datalab.post(f"{EXECUTIONS}/{execution_id}/cancel").status_code == 404
    assert datalab.delete(f"{EXECUTIONS}/{execution_id}").status_code == 404
    assert datalab.get(EXECUTIONS).status_code == 404
    assert emulator.runs()[0]["stops"] == 0
