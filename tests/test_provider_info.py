"""What Airflow reads about the package, held against Airflow's own schemas and against the code that it names."""

from __future__ import annotations

import json
from importlib import import_module, metadata, resources
from typing import Any

import pytest
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
from jsonschema import Draft7Validator

from airflow_workflow_providers.get_provider_info import VENDORS, get_provider_info
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.extra import HttpExtra
from airflow_workflow_providers.hooks.widgets import field_behaviour
from airflow_workflow_providers.links import ExecutionLink

INFO = get_provider_info()
FORMS = {form["connection-type"]: form for form in INFO["connection-types"]}


def schema(name: str) -> dict[str, Any]:
    return json.loads((resources.files("airflow") / name).read_text())


def hook(form: dict[str, Any]) -> type[WorkflowHook]:
    module, _, name = form["hook-class-name"].rpartition(".")
    return getattr(import_module(module), name)


def test_it_is_what_airflow_reads_at_run_time() -> None:
    assert list(Draft7Validator(schema("provider_info.schema.json")).iter_errors(INFO)) == []


def test_it_is_what_airflow_asks_of_its_own_providers() -> None:
    """The stricter schema, which knows every word of a form; what only Airflow's release tooling reads is filled in."""
    strict = schema("provider.yaml.schema.json")
    ours = {
        key: value for key, value in INFO.items() if key != "extra-links"
    }  # a list of classes there: see below
    tooling = {
        "state": "ready",
        "lifecycle": "production",
        "source-date-epoch": 0,
        "versions": [metadata.version("airflow-workflow-providers")],
    }
    released = {**ours, **{key: value for key, value in tooling.items() if key in strict["properties"]}}

    problems = [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in Draft7Validator(strict).iter_errors(released)
    ]

    assert problems == []
    assert set(ours) <= set(strict["properties"])


def test_the_installed_package_names_it() -> None:
    (entry,) = [
        point
        for point in metadata.entry_points(group="apache_airflow_provider")
        if point.value.startswith("airflow_workflow_providers.")
    ]

    assert entry.load()() == INFO
    assert INFO["package-name"] == "airflow-workflow-providers"


def test_every_module_and_class_that_it_names_is_there() -> None:
    for room in ("hooks", "operators", "sensors", "triggers"):
        for item in INFO[room]:
            for module in item["python-modules"]:
                import_module(module)
    assert INFO["extra-links"] == [f"{ExecutionLink.__module__}.{ExecutionLink.__qualname__}"]
    assert set(FORMS) == set(VENDORS)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_hook_and_its_form_say_the_same(form: dict[str, Any]) -> None:
    """The form's fields are those that the hook reads, and its defaults are the hook's."""
    cls = hook(form)
    fields = cls.extra_model.model_fields

    assert (cls.conn_type, cls.hook_name) == (form["connection-type"], form["hook-name"])
    assert (cls.conn_name_attr, cls.default_conn_name) == (
        f"{cls.conn_type}_conn_id",
        f"{cls.conn_type}_default",
    )
    assert set(form["conn-fields"]) == set(fields)
    assert set(HttpExtra.model_fields) <= set(fields)
    for name, field in form["conn-fields"].items():
        assert field["schema"].get("default", fields[name].default) == fields[name].default
    assert form["ui-field-behaviour"]["placeholders"]["host"] == cls.api.BASE_URL


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_forms_empty_fields_mean_absent(form: dict[str, Any]) -> None:
    """The form saves every field that was left empty as null."""
    model = hook(form).extra_model

    assert model.model_validate(dict.fromkeys(form["conn-fields"])) == model()
    assert model.model_validate(dict.fromkeys(form["conn-fields"], "")) == model()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_standard_fields_are_told_to_airflow_3_1_in_its_own_words(form: dict[str, Any]) -> None:
    assert hook(form).get_ui_field_behaviour() == field_behaviour(form)
    assert set(field_behaviour(form)) == {"hidden_fields", "relabeling", "placeholders"}


@pytest.mark.parametrize("conn_type", FORMS)
def test_this_airflow_draws_the_form_from_it(conn_type: str) -> None:
    """Airflow 3.1 asks the hook's methods, later ones the provider's description: the fields are the same."""
    drawn = {meta.connection_type: meta for meta in HookMetaService.hook_meta_data()}[conn_type]
    behaviour = FORMS[conn_type]["ui-field-behaviour"]
    fields = FORMS[conn_type]["conn-fields"]
    standard = drawn.standard_fields
    extra = drawn.extra_fields

    assert drawn.hook_name == FORMS[conn_type]["hook-name"]
    assert standard is not None
    assert extra is not None
    assert standard.password is not None
    assert standard.host is not None
    assert standard.port is not None
    assert standard.password.title == behaviour["relabeling"]["password"]
    assert standard.host.placeholder == behaviour["placeholders"]["host"]
    assert standard.port.hidden
    assert set(extra) == set(fields)
    for name, field in fields.items():
        schema = extra[name]["schema"]
        assert (schema.get("title") or field["label"]) == field["label"]
        assert schema.get("enum") == field["schema"].get("enum")
        assert extra[name]["value"] == field["schema"].get("default")
