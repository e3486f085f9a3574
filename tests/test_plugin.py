"""The plugin and the files of the page *Remote execution*; ``tests/browser`` looks at the page itself."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers import plugin
from airflow_workflow_providers.plugin import ExecutionPagePlugin
from airflow_workflow_providers.plugin.files import POLICY, TYPES, PageFiles

PAGE = Path(plugin.__file__).parent / "page"
SWITCH = "AIRFLOW__WORKFLOW_PROVIDERS__EXECUTION_PAGE"


def loaded() -> type[ExecutionPagePlugin]:
    """Return the plugin as one process of Airflow has loaded it; the class itself stays as it is."""

    class Loaded(ExecutionPagePlugin):
        pass

    Loaded.on_load()
    return Loaded


def response(
    name: str = "index.html", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the body of a response."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("no request has a body")

    fields = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {"type": "http", "method": method, "path": f"/remote-execution/{name}", "headers": fields}
    asyncio.run(PageFiles()(scope, receive, send))
    return (
        sent[0]["status"],
        {key.decode(): value.decode() for key, value in sent[0]["headers"]},
        sent[1]["body"],
    )


def test_airflow_finds_the_plugin_without_loading_all_providers() -> None:
    (entry,) = metadata.entry_points(group="airflow.plugins", name="airflow_workflow_providers")

    assert entry.load() is ExecutionPagePlugin


def test_each_task_instance_has_the_page() -> None:
    """Its address is relative, so it is below the path of Airflow's base URL."""
    (view,) = loaded().external_views
    (app,) = loaded().fastapi_apps

    assert view["destination"] == "task_instance"
    assert view["href"].startswith(f"{app['url_prefix'].removeprefix('/')}/index.html?")


def test_without_the_setting_the_plugin_registers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "False")

    assert loaded().external_views == []
    assert loaded().fastapi_apps == []


def test_loading_the_plugin_loads_no_web_framework() -> None:
    """Workers and the scheduler load it too."""
    code = (
        "import sys, airflow.plugins_manager, airflow.sdk; before = set(sys.modules); "
        "from airflow_workflow_providers.plugin import ExecutionPagePlugin; ExecutionPagePlugin.on_load(); "
        "assert ExecutionPagePlugin.fastapi_apps; print(*(set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = {name.split(".")[0] for name in run.stdout.split()}

    assert names & {"fastapi", "starlette", "uvicorn", "pydantic", "httpx"} == set()


def test_every_file_of_the_page_is_served_and_no_other_one() -> None:
    assert {path.name for path in PAGE.iterdir()} == set(TYPES)
    for name in TYPES:
        status, headers, body = response(name)
        assert (status, body) == (200, (PAGE / name).read_bytes())
        assert headers["content-length"] == str(len(body))
        assert headers["content-type"] == TYPES[name]
    for name in ("", "other.js", "../__init__.py", "..%2f__init__.py"):
        assert response(name)[0] == 404


@pytest.mark.parametrize("name", TYPES)
def test_every_file_has_the_policy_and_is_asked_for_again(name: str) -> None:
    headers = response(name)[1]

    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    etag = response()[1]["etag"]

    assert response(if_none_match=etag)[::2] == (304, b"")
    assert response(if_none_match='"other"')[0] == 200


def test_only_reading_is_allowed() -> None:
    status, headers, body = response(method="HEAD")

    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0
    assert response(method="POST")[0] == 405


def test_a_websocket_is_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(PageFiles()({"type": "websocket", "path": "/remote-execution/"}, send, send))  # type: ignore[arg-type]

    assert [message["type"] for message in sent] == ["websocket.close"]


def test_the_page_itself_has_no_script_and_no_style() -> None:
    """The policy would refuse them; and every address in it is that of a file beside it."""
    text = (PAGE / "index.html").read_text()

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", text)
    assert set(re.findall(r"(?:href|src)=\"([^\"]+)\"", text)) <= set(TYPES)


def colors(selector: str) -> dict[str, str]:
    """Return the colours that a rule of the style sheet defines."""
    css = (PAGE / "page.css").read_text()
    block = css[css.index(f"{selector} {{") :].partition("}")[0]
    return dict(re.findall(r"--([\w-]+): (#\w{6});", block))


THEMES = {"light": colors(":root"), "dark": colors(':root[data-theme="dark"]')}


def luminance(color: str, *, on: str | None = None, share: float = 1.0) -> float:
    """Return the relative luminance of a colour, or of its share on another one, as WCAG defines it."""
    channels = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    if on is not None:
        below = [int(on[i : i + 2], 16) for i in (1, 3, 5)]
        channels = [round(share * top + (1 - share) * low) for top, low in zip(channels, below, strict=True)]
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_has_the_contrast_of_wcag_aa(theme: str) -> None:
    """And a bar of a picture can be told from the card below it."""
    known = THEMES[theme]
    card = known["card"]
    states = [name.removeprefix("word-") for name in known if name.startswith("word-")]

    assert len(states) == 9
    for name in ("text", "muted", "accent"):
        assert contrast(luminance(known[name]), luminance(card)) >= 4.5, name
        assert contrast(luminance(known[name]), luminance(known["field"])) >= 4.5, name
    for state in states:
        tinted = luminance(known[state], on=card, share=0.14)
        assert contrast(luminance(known[f"word-{state}"]), tinted) >= 4.5, state
        assert contrast(luminance(known[state]), luminance(card)) >= 2.9, state


def test_the_dark_theme_of_the_system_is_that_of_airflow() -> None:
    assert colors(":root:not([data-theme])") == THEMES["dark"]
