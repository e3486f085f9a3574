"""Answers that the vendor's own server has given are read rightly."""

import pytest

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from tests.vendors import response
from tests.vendors.promptlayer.recorded import NODES, STARTED, VALUE


def test_the_answer_to_a_start_has_its_id() -> None:
    request = api.run_workflow("bare-text", input_variables={"var1": "value1"})
    assert (request.method, request.path) == (STARTED.method, STARTED.path)
    started = request.parse(response(STARTED.body, STARTED.status))
    assert started == Execution("787", State.RUNNING, "RUNNING")


def test_the_results_with_all_outputs_are_a_success_with_its_value() -> None:
    request = api.get_execution("717")
    assert (request.method, request.path, request.query) == (NODES.method, NODES.path, NODES.query)
    execution = request.parse(response(NODES.body, NODES.status))
    assert (execution.state, execution.status) == (State.SUCCEEDED, "SUCCESS")
    assert api.final_output(execution).output == "AAA"
    assert api.get_status("717").parse(response(NODES.body, NODES.status)).state is State.SUCCEEDED


def test_a_bare_value_is_not_taken_for_nodes() -> None:
    """No request of ours asks for it: it could be anything."""
    assert api.get_execution("717").query != VALUE.query
    with pytest.raises(errors.UnexpectedResponse):
        api.get_execution("717").parse(response(VALUE.body, VALUE.status))
