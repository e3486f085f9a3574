"""Datalab's pipelines."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import datalab_definitions
from airflow_workflow_providers.apis.datalab_pipelines import (
    find_newest,
    find_started,
    get_step_result,
    list_begun,
    list_pipeline_executions,
    list_statuses,
    run_pipeline,
)
from airflow_workflow_providers.core.errors import AuthFailed, NotFound, RequestRejected
from airflow_workflow_providers.core.request import Request
from tests.vendors.documented.datalab_pipelines import REFERENCE
from tests.vendors.documented.refold import LABEL
from tests.vendors.facts import Facts, Search, StatusList
from tests.vendors.facts.bad_values import CALLBACKS, FLAGS, IDS, NAMES, NUMBERS
from tests.vendors.facts.datalab import FACTS as WORKFLOWS
from tests.vendors.facts.datalab import FILE, SIGNED


def start(pipeline_id: str = "pl_1", file: str = FILE, **options: Any) -> Request[Any]:
    return run_pipeline(pipeline_id, file=file, **options)


def listed() -> Request[Any]:
    found = list_statuses("pl_1", 1e9, 1)
    assert found is not None
    return found


def page(*entries: Any) -> Any:
    return {"executions": list(entries)}


#: Of executions that were begun a minute before, and earlier than that; clocks differ by a minute at the most.
NEAR, OLD = {"created": "2001-09-09T01:45:40"}, {"created": "2001-09-09T01:45:39"}


FACTS = Facts(
    ping=WORKFLOWS.ping,
    wrong_keys=WORKFLOWS.wrong_keys,
    ping_faults=WORKFLOWS.ping_faults,
    base_urls=WORKFLOWS.base_urls,
    right={"pipeline_id": "pl_1", "file": FILE},
    bad={
        "pipeline_id": IDS,
        "file": [*NAMES, None, "report.pdf", "/data/a.pdf", "datalab://", "datalab:///", "//x/a.pdf", "https://", "https://x/a b", "https://x/" + "y" * 8_000],
        "page_range": NAMES,
        "output_format": NAMES,
        "run_evals": FLAGS,
        "skip_cache": FLAGS,
        "version": [*NUMBERS[:-5], -1],
        "webhook_url": CALLBACKS,
    },
    explanations=WORKFLOWS.explanations,
    rejected=[
        ("pl_parse", {}, {"status": 400, "body": {"detail": "Invalid file type."}}, RequestRejected, "HTTP 400: Invalid file type"),
        ("pl_parse", {}, {"status": 403}, AuthFailed, "active, paid subscription"),
        ("pl_no_such_pipeline", {}, {}, NotFound, "HTTP 404: "),
    ],
    methods={
        *("run_pipeline", "get_step_result", "list_pipeline_executions"),
        *("list_pipelines", "get_pipeline", "list_pipeline_versions", "get_pipeline_rate"),
    },
    failed_parts="step 1 (extract): page 3 could not be read",
    started=lambda execution_id: {"execution_id": execution_id, "status": "pending"},
    requests={
        "step_result": lambda: get_step_result("pex_1", 0),
        "list": lambda: list_pipeline_executions("pl_1"),
        "pipelines": datalab_definitions.list_pipelines,
        "pipeline": lambda: datalab_definitions.get_pipeline("pl_1"),
        "versions": lambda: datalab_definitions.list_pipeline_versions("pl_1"),
        "rate": lambda: datalab_definitions.get_pipeline_rate("pl_1"),
        "statuses": listed,
        "newest": lambda: find_newest("pl_1", 1e9),
        "begun": lambda: list_begun("pl_1", 1e9, 1),
        "find_started": lambda: next(find_started(start(), REFERENCE, 1e9)),
    },
    successes=[
        ("result", {"status": "completed", "steps": []}, ("status",), {"'Completed'", "'COMPLETED'"}),
        (
            "result",
            {"status": "completed", "steps": [{"status": "completed"}]},
            ("steps", 0, "status"),
            {"'COMPLETED'", "'Completed'", "null", "nothing", "an empty text"},
        ),
    ],
    same_start=[
        (start(), start(run_evals=False, skip_cache=False)),
        (start(file=SIGNED), start(file=SIGNED.replace("aaaa", "bbbb"))),
        (start(), start(webhook_url="https://hooks.example/a")),
    ],
    other_start=[
        (start(), start("pl_2")),
        (start(), start(file=FILE.replace("a.pdf", "b.pdf"))),
        (start(), start(page_range="0")),
        (start(), start(output_format="html")),
        (start(), start(version=2)),
        (start(), start(run_evals=True)),
    ],
    search=Search(
        operation="list_pipeline_executions",
        page_size=100,
        newest_first=True,
        page=lambda entries: {"executions": entries, "total": len(entries)},
        entry={
            "execution_id": "pex_1",
            "created": "2001-09-09T01:46:40",
            "input_config": {"file_url": LABEL},
        },
        id_field="execution_id",
        may_have_more=False,
    ),
    statuses=StatusList(
        path="/api/v1/pipelines/w/executions",
        needs_workflow=True,
        page_3={"limit": "100", "offset": "200"},
        first_page={"limit": "100", "offset": "0"},
        list_field="executions",
        id_field="execution_id",
        more=[
            # Only a full page is followed by another one.
            (1e9, page(*[NEAR] * 100), True),
            (1e9, page(*[NEAR] * 99), False),
            (1e9, page(), False),
            (1e9, page(*[OLD] * 99, NEAR), True),
            (1e9, page(*[OLD] * 100), False),
            *((1e9, page(*[OLD] * 99, {"created": value}), True) for value in (None, "", 7, "soon", {})),
            (1e9, page(*["odd"] * 99, NEAR), True),
            (0, page(*[OLD] * 100), True),
            (0, {**page(*[OLD] * 100), "total": 100}, True),
        ],
    ),
)  # fmt: skip
