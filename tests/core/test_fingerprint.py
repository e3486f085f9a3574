"""Whether two starts ask for the same: what a retry may find changed, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat, datalab, laminar, laminar_jobs, promptlayer, refold
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.request import Request

FILE = "https://bucket.example/in/a.pdf"
SIGNED = f"{FILE}?X-Amz-Date=1&X-Amz-Signature=aaaa"


def of(start: Request[Any]) -> str:
    return fingerprint(start.fingerprint_input)


def sync(**options: Any) -> Request[Any]:
    return refold.execute_workflow("w", slug="s", **{"payload": {"a": 1}, **options})


def prompt(**options: Any) -> Request[Any]:
    return promptlayer.run_workflow("w", **{"input_variables": {"a": 1}, **options})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sync(instance_tag="one"), sync(instance_tag="other")),
        (sync(), sync(include_headers=True, wrap_payload=False)),
        (sync(payload={"a": 1, "b": 2}), sync(payload={"b": 2, "a": 1})),
        (prompt(metadata={"try": "1"}), prompt(metadata={"try": "2"})),
        (prompt(callback_url="https://a.example/?t=1"), prompt(callback_url="https://a.example/?t=2")),
        (prompt(), prompt(return_all_outputs=True)),
        (laminar.execute_workflow(7, callback_url="https://a.example/1"), laminar.execute_workflow("7")),
        (
            datalab.execute_workflow(1, input_config={"file_url": SIGNED}),
            datalab.execute_workflow("1", input_config={"file_url": SIGNED.replace("aaaa", "bbbb")}),
        ),
        (
            datalab.execute_workflow(1, input_config={"file_urls": [f"{FILE}?sv=1&sig=a"]}),
            datalab.execute_workflow(1, input_config={"file_urls": [f"{FILE}?sv=2&sig=b"]}),
        ),
        (altostrat.execute_workflow("w"), altostrat.execute_workflow("w", context=None)),
    ],
)
def test_labels_callbacks_and_signatures_make_no_other_start(one: Request[Any], other: Request[Any]) -> None:
    assert of(one) == of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sync(), sync(payload={"a": 2})),
        (sync(), sync(payload={"a": "1"})),
        (sync(), sync(config_id="c")),
        (refold.execute_workflow("w", slug="s"), refold.execute_workflow("w", slug="t")),
        (refold.execute_workflow("w", slug="s"), refold.execute_workflow("v", slug="s")),
        (prompt(), prompt(input_variables={"a": 2})),
        (prompt(), prompt(workflow_label_name="production")),
        (prompt(workflow_version_number=1), prompt(workflow_version_number=2)),
        (laminar.execute_workflow(7), laminar.execute_workflow(8)),
        (laminar.execute_workflow(7), laminar.execute_workflow(7, payload=[])),
        (laminar.execute_workflow(7), laminar.execute_workflow(7, configuration_id="s")),
        (laminar.execute_workflow(7), laminar.execute_workflow(7, start_from_step=2)),
        (laminar.execute_workflow(7, start_from_step=2), laminar.execute_workflow(7, end_at_step=2)),
        (laminar_jobs.run_job("a"), laminar_jobs.run_job("b")),
        (laminar_jobs.run_job("a", query={"n": "1"}), laminar_jobs.run_job("a", query={"n": "2"})),
        (laminar_jobs.run_job("a", payload={"n": 1}), laminar_jobs.run_job("a")),
        (altostrat.execute_workflow("w"), altostrat.execute_workflow("w", context={"a": 1})),
        (altostrat.execute_workflow("w"), altostrat.execute_workflow("v")),
        (datalab.execute_workflow(1), datalab.execute_workflow(2)),
        (
            datalab.execute_workflow(1, input_config={"file_url": SIGNED}),
            datalab.execute_workflow(1, input_config={"file_url": SIGNED.replace("a.pdf", "b.pdf")}),
        ),
        (
            datalab.execute_workflow(1, input_config={"file_url": f"{FILE}?page=1"}),
            datalab.execute_workflow(1, input_config={"file_url": f"{FILE}?page=2"}),
        ),
        (
            datalab.execute_workflow(1, input_config={"file_url": f"{SIGNED}&versionId=1"}),
            datalab.execute_workflow(1, input_config={"file_url": f"{SIGNED}&versionId=2"}),
        ),
        (
            datalab.execute_workflow(1, input_config={"file_url": f"{FILE}?id=1&token=k"}),
            datalab.execute_workflow(1, input_config={"file_url": f"{FILE}?id=2&token=k"}),
        ),
    ],
)
def test_another_workflow_or_input_is_another_start(one: Request[Any], other: Request[Any]) -> None:
    assert of(one) != of(other)


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    """It is stored: a release that computes another would stop the runs of tasks that it upgrades."""
    assert fingerprint({"workflow_id": "w", "payload": {"b": [1, None], "a": "ä"}}) == (
        "25e636b22a40c90ddd4feb352dff95342572c1a07c57d82ed73bf1c10aaf30b9"
    )


@pytest.mark.parametrize("text", ["a?b=c", "not://an address?sig", "?sig=a"])
def test_a_text_that_is_no_address_stays_what_it_is(text: str) -> None:
    assert fingerprint({"a": text}) != fingerprint({"a": text.partition("?")[0]})
