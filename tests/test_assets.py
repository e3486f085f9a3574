"""The URIs of assets that stand for a workflow, as Airflow reads them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest
from airflow.sdk import Asset

from airflow_workflow_providers.get_provider_info import get_provider_info

FACTORIES = {uri["schemes"][0]: uri["factory"] for uri in get_provider_info()["asset-uris"]}


def create(path: str) -> Callable[..., Asset]:
    """Return the function that makes an asset."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)  # type: ignore[no-any-return]  # a function of ours


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("refold://workflow/6a106ba44480b80424a65289", "refold://workflow/6a106ba44480b80424a65289"),
        ("refold://workflow/abc/", "refold://workflow/abc"),
        ("REFOLD://Workflow/Abc", "refold://workflow/Abc"),
        ("promptlayer://workflow/My workflow/", "promptlayer://workflow/My%20workflow"),
        ("promptlayer://workflow/a%2Fb", "promptlayer://workflow/a%2Fb"),
        ("datalab://pipeline/pl_1", "datalab://pipeline/pl_1"),
        ("datalab://workflow/101", "datalab://workflow/101"),
        ("laminar://job/claims", "laminar://job/claims"),
        ("altostrat://workflow/fl_1#part", "altostrat://workflow/fl_1"),
    ],
)
def test_a_uri_has_one_form(uri: str, normal: str) -> None:
    assert Asset(uri).uri == Asset(normal).uri == normal


@pytest.mark.parametrize(
    "uri",
    [
        "refold://",
        "refold://workflow",
        "refold://workflow/",
        "refold://workflow/%20",
        "refold://execution/abc",
        "refold://workflow/abc/executions",
        "refold://workflow/abc?key=secret",
        "refold://someone@workflow/abc",
        "refold://workflow:80/abc",
        "altostrat://pipeline/pl_1",
        "datalab://file-abc",
    ],
)
def test_another_form_is_rejected_with_the_right_one_and_without_its_text(uri: str) -> None:
    with pytest.raises(ValueError, match=r"must be \w+://\w+/<id>") as rejected:
        Asset(uri)

    assert "secret" not in str(rejected.value)


@pytest.mark.parametrize("scheme", FACTORIES)
def test_a_hook_can_name_an_asset_by_its_scheme(scheme: str) -> None:
    made = create(FACTORIES[scheme])(workflow_id="a b/c", extra={"rows": 1})

    assert made.uri == f"{scheme}://{'pipeline' if scheme == 'datalab' else 'workflow'}/a%20b%2Fc"
    assert made.extra == {"rows": 1}


def test_the_module_imports_neither_airflow_nor_openlineage() -> None:
    """Each process of Airflow may import the module."""
    script = "import sys; import airflow_workflow_providers.assets; print([name for name in sys.modules if 'airflow.' in name or 'lineage' in name])"

    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"
