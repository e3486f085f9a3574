"""What Airflow reads about the package fits Airflow's own schemas, and the code that it names."""

from __future__ import annotations

import json
from importlib import import_module, metadata, resources
from typing import Any

import pytest
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
from jsonschema import Draft7Validator

from airflow_workflow_providers.cli import get_cli_commands
from airflow_workflow_providers.get_provider_info import VENDORS, get_provider_info
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.extra import HttpExtra
from airflow_workflow_providers.hooks.widgets import field_behaviour
from airflow_workflow_providers.links import ExecutionLink

INFO = get_provider_info()
FORMS = {form["connection-type"]: form for form in INFO["connection-types"]}

#: The fields of every connection that are numbers.
NUMBERS = {"connect_timeout", "read_timeout", "max_response_mb", "requests_per_second", "concurrent_requests"}


def schema(name: str) -> dict[str, Any]:
    return json.loads((resources.files("airflow") / name).read_text())


def hook(form: dict[str, Any]) -> type[WorkflowHook]:
    module, _, name = form["hook-class-name"].rpartition(".")
    return getattr(import_module(module), name)


def test_it_fits_the_schema_that_airflow_reads_it_with() -> None:
    assert list(Draft7Validator(schema("provider_info.schema.json")).iter_errors(INFO)) == []


def test_it_fits_the_schema_of_airflows_own_providers() -> None:
    """This schema is stricter and checks every field of a form. What only Airflow's release tools read is added here."""
    strict = schema("provider.yaml.schema.json")
    # There it is a list of classes; and Airflow 3.1 knows no commands of providers.
    left_out = {"extra-links", *({"cli"} - set(strict["properties"]))}
    ours = {key: value for key, value in INFO.items() if key not in left_out}
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


def test_the_installed_package_has_it_as_its_entry_point() -> None:
    (entry,) = [
        point
        for point in metadata.entry_points(group="apache_airflow_provider")
        if point.value.startswith("airflow_workflow_providers.")
    ]

    assert entry.load()() == INFO
    assert INFO["package-name"] == "airflow-workflow-providers"


def test_every_module_and_class_that_it_names_exists() -> None:
    for folder in ("hooks", "operators", "sensors", "triggers"):
        for item in INFO[folder]:
            for module in item["python-modules"]:
                import_module(module)
    for item in INFO["asset-uris"]:
        for name in (item["handler"], item["factory"], item["to_openlineage_converter"]):
            module, _, function = name.rpartition(".")
            assert callable(getattr(import_module(module), function))
    assert [scheme for item in INFO["asset-uris"] for scheme in item["schemes"]] == list(VENDORS)
    assert INFO["extra-links"] == [f"{ExecutionLink.__module__}.{ExecutionLink.__qualname__}"]
    assert INFO["cli"] == [f"{get_cli_commands.__module__}.{get_cli_commands.__qualname__}"]
    assert set(FORMS) == set(VENDORS)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_hook_and_its_form_agree(form: dict[str, Any]) -> None:
    """The hook reads the form's fields, and both have the same defaults."""
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
    assert form["ui-field-behaviour"]["placeholders"]["host"] == cls.api.base_url


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_form_says_what_an_empty_number_means(form: dict[str, Any]) -> None:
    """For the limit of requests it is the one that the vendor documents, or none."""
    for name, default in hook(form).extra_model().model_dump(include=NUMBERS).items():
        meaning = "no limit." if default is None else f"{default:g}"
        assert f"Empty: {meaning}" in form["conn-fields"][name]["description"], name


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_empty_field_of_the_form_is_a_missing_one(form: dict[str, Any]) -> None:
    """The form saves an empty field as null."""
    model = hook(form).extra_model

    assert model.model_validate(dict.fromkeys(form["conn-fields"])) == model()
    assert model.model_validate(dict.fromkeys(form["conn-fields"], "")) == model()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_airflow_3_1_reads_the_standard_fields_from_the_hook(form: dict[str, Any]) -> None:
    assert hook(form).get_ui_field_behaviour() == field_behaviour(form)
    assert set(field_behaviour(form)) == {"hidden_fields", "relabeling", "placeholders"}


@pytest.mark.parametrize("conn_type", FORMS)
def test_this_airflow_shows_the_form(conn_type: str) -> None:
    """Airflow 3.1 calls the hook's methods, later versions read the provider's description: the fields are the same."""
    shown = {meta.connection_type: meta for meta in HookMetaService.hook_meta_data()}[conn_type]
    behaviour = FORMS[conn_type]["ui-field-behaviour"]
    fields = FORMS[conn_type]["conn-fields"]
    standard = shown.standard_fields
    extra = shown.extra_fields

    assert shown.hook_name == FORMS[conn_type]["hook-name"]
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
