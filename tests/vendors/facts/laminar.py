"""Laminar's external call, whose executions have no id: the facts about an execution are empty."""

from __future__ import annotations

from airflow_workflow_providers.apis import laminar_configurations as configurations
from airflow_workflow_providers.apis.laminar import execute_workflow, ping
from airflow_workflow_providers.core.errors import AuthFailed, NotFound
from tests.vendors.documented.laminar import PASSWORD
from tests.vendors.facts import Facts
from tests.vendors.facts.bad_values import ANY_JSON, CALLBACKS, IDS, NAMES, NUMBERS

#: A template renders to a text, so the text of a number is good.
STEPS = [
    *(value for value in NUMBERS if not (isinstance(value, str) and value.isdecimal())),
    2**31,
    "0",
    "two",
]

#: The properties of a configuration store.
VALUES = {"portal_user": "acme", "portal_password": PASSWORD}

FACTS = Facts(
    ping=(
        "list_keys",
        "GET",
        "/configurations/{configuration_id}/keys/external",
        {"workspaceId": "{workspace_id}"},
    ),
    wrong_keys=[({}, "Unauthorized")],
    ping_faults=[("list_body", {}, "not a JSON object")],
    base_urls=[
        ({}, "https://api.laminar.run"),
        ({"extra": {"region": "us"}}, "https://api.laminar.run"),
        ({"extra": {"region": "ca"}}, "https://ca.api.laminar.run"),
        ({"host": "https://laminar.example", "extra": {"region": "ca"}}, "https://laminar.example"),
    ],
    right={"workflow_id": 39},
    bad={
        "workflow_id": IDS,
        "payload": ANY_JSON,
        "configuration_id": IDS[1:],
        "content_type": NAMES,
        "response_type": NAMES,
        "start_from_step": STEPS,
        "end_at_step": STEPS,
        "callback_url": CALLBACKS,
    },
    explanations=[],
    rejected=[
        ("999", {}, {}, NotFound, "Workflow not found"),
        ("39", {}, {"status": 401}, AuthFailed, "HTTP 401: "),
        ("39", {}, {"status": 403}, AuthFailed, "HTTP 403: "),
        ("39", {}, {"status": 404}, NotFound, "HTTP 404: "),
    ],
    methods={
        "execute_workflow",
        "create_configuration",
        "list_configuration_keys",
        "set_configuration_properties",
        "delete_configuration_property",
        "delete_configuration",
        "restore_configuration",
    },
    started=None,
    requests={
        "ping": lambda: ping(workspace_id="1", configuration_id="store"),
        "create": lambda: configurations.create_configuration(
            "Customer 7", "customer-7", VALUES, workspace_id=1
        ),
        "keys": lambda: configurations.list_configuration_keys("customer-7", workspace_id=1),
        "set": lambda: configurations.set_configuration_properties("customer-7", VALUES, workspace_id=1),
        "delete_property": lambda: configurations.delete_configuration_property(
            "customer-7", "portal_user", workspace_id=1
        ),
        "delete": lambda: configurations.delete_configuration("customer-7"),
        "restore": lambda: configurations.restore_configuration("customer-7"),
    },
    successes=[],
    same_start=[(execute_workflow(7, callback_url="https://a.example/1"), execute_workflow("7"))],
    other_start=[
        (execute_workflow(7), execute_workflow(8)),
        (execute_workflow(7), execute_workflow(7, payload=[])),
        (execute_workflow(7), execute_workflow(7, configuration_id="s")),
        (execute_workflow(7), execute_workflow(7, start_from_step=2)),
        (execute_workflow(7, start_from_step=2), execute_workflow(7, end_at_step=2)),
    ],
)
