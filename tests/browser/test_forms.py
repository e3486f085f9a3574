"""
The connection forms as a person sees them: what they show, and that a task runs with what was typed in.

Each test uses Airflow's own page in Chromium. The pictures are in ``build/pictures``.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.get_provider_info import VENDORS, get_provider_info
from dev.real_airflow import RealAirflow
from tests.browser.conftest import PICTURES, THEMES

pytestmark = pytest.mark.browser

FORMS = {form["connection-type"]: form for form in get_provider_info()["connection-types"]}
STANDARD, EXTRA = "Standard Fields", "Extra Fields"
every_vendor = pytest.mark.parametrize("vendor", VENDORS)

#: Returns the parts of a dialog that reach out of it at a side, or that are wider than their place.
OVERFLOWING = """dialog => {
    const frame = dialog.getBoundingClientRect();
    const parts = [...dialog.querySelectorAll("h2, label, p, span, button, input, textarea")];
    // Parts for screen readers only are one pixel wide.
    const seen = parts.filter(part => part.offsetParent !== null && !part.closest("[aria-live]"));
    return seen.filter(part => {
        const box = part.getBoundingClientRect();
        const cut = !/INPUT|TEXTAREA/.test(part.tagName) && part.clientWidth > 0
            && part.scrollWidth > part.clientWidth + 1;
        return cut || box.left < frame.left - 1 || box.right > frame.right + 1;
    }).map(part => part.outerHTML.slice(0, 200));
}"""


@every_vendor
@pytest.mark.parametrize("theme", THEMES)
def test_the_form_shows_the_fields_of_the_vendor(page: Page, vendor: str, theme: str) -> None:
    """It has their labels, help texts, choices and masked secrets, and nothing else, and nothing overflows."""
    form = FORMS[vendor]
    behaviour = form["ui-field-behaviour"]
    dialog = add_connection(page, vendor)
    dialog.locator("input[name=connection_id]").fill(f"{vendor}_default")

    assert theme in page.evaluate("document.documentElement.className").split()
    expect(labels(dialog)).to_have_text(["Description", *behaviour["relabeling"].values()])
    host, secret = (field(dialog, behaviour["relabeling"][name]) for name in ("host", "password"))
    expect(host.get_by_role("textbox")).to_have_attribute("placeholder", behaviour["placeholders"]["host"])
    expect(secret.locator("input")).to_have_attribute("type", "password")
    assert dialog.evaluate(OVERFLOWING) == []
    picture(page, vendor, theme)

    unfold(dialog, EXTRA)
    expect(labels(dialog)).to_have_text([described["label"] for described in form["conn-fields"].values()])
    for described in form["conn-fields"].values():
        shown = field(dialog, described["label"])
        expect(shown.locator('[data-part="helper-text"]')).to_have_text(described["description"])
        expect(shown.locator('[data-part="helper-text"]')).to_be_visible()
        is_as_described(page, shown, described["schema"])
    assert dialog.evaluate(OVERFLOWING) == []
    picture(page, f"{vendor}-extra", theme)


def is_as_described(page: Page, shown: Locator, schema: dict[str, Any]) -> None:
    """Check that a field is of the kind in its schema, and shows its default."""
    if "enum" in schema:
        expect(shown).to_contain_text(schema["default"])
        shown.get_by_role("combobox").click()
        expect(page.get_by_role("option")).to_have_text(schema["enum"])
        page.get_by_role("option", name=schema["default"], exact=True).click()
    elif "boolean" in schema["type"]:
        expect(shown.get_by_role("checkbox")).to_be_checked(checked=schema["default"])
    elif {"integer", "number"} & set(schema["type"]):
        expect(shown.get_by_role("spinbutton")).to_have_attribute("aria-valuemin", str(schema["minimum"]))
        expect(shown.get_by_role("spinbutton")).to_have_value("")
    else:
        kind = "password" if schema.get("format") == "password" else None
        assert shown.locator("input").get_attribute("type") in ({kind} if kind else {None, "text"})


@every_vendor
def test_a_task_runs_with_what_was_typed_in(
    page: Page, airflow: RealAirflow, emulator: Emulator, vendor: str
) -> None:
    """A connection is made in the form, changed in it, and used: empty fields count as absent, and secrets survive a change."""
    conn_id = f"{vendor}_by_form"
    connection = emulator.connection(vendor)
    dialog = add_connection(page, vendor)
    dialog.locator("input[name=connection_id]").fill(conn_id)
    dialog.locator("input[name=host]").fill(connection["host"])
    dialog.locator("input[name=password]").fill(connection["password"])
    unfold(dialog, EXTRA)
    for name, value in connection.get("extra", {}).items():
        field(dialog, FORMS[vendor]["conn-fields"][name]["label"]).locator("input").fill(str(value))
    save(dialog)
    made = stored(airflow, conn_id)

    page.get_by_role("row").filter(has_text=conn_id).get_by_role("button", name="Edit Connection").click()
    expect(dialog.locator("input[name=host]")).to_have_value(connection["host"])
    unfold(dialog, EXTRA)
    field(dialog, "Read timeout (s)").get_by_role("spinbutton").fill("7")
    save(dialog)
    changed = stored(airflow, conn_id)
    airflow.wait_for_dags([f"by_form_{vendor}"])
    run_id = airflow.trigger(f"by_form_{vendor}")

    assert set(made) == set(FORMS[vendor]["conn-fields"])
    assert made["connect_timeout"] is None
    assert changed == {**made, "read_timeout": 7}
    assert airflow.wait_for_run(f"by_form_{vendor}", run_id, 120) == "success"
    assert len(emulator.runs(vendor)) == 1


@pytest.mark.parametrize("port", [None, 0])
def test_the_test_button_and_its_workaround(
    page: Page, airflow: RealAirflow, emulator: Emulator, port: int | None
) -> None:
    """Airflow 3.3.1 and 3.3.2 do not test a connection without a port; with the port 0 the button works."""
    conn_id = f"tested_{port}"
    airflow.add_connection(conn_id, {**emulator.connection("refold"), "port": port})
    before = len(emulator.requests("refold"))
    page.goto("/connections")
    row = page.get_by_role("row").filter(has_text=conn_id)

    with page.expect_response("**/connections/test") as response:
        row.get_by_role("button", name="Test Connection").click()

    broken = port is None and airflow.version() in ("3.3.1", "3.3.2")
    if broken:
        assert response.value.status == 400
        expect(page.get_by_text("Bad Request")).to_be_visible()
    else:
        assert response.value.json() == {"status": True, "message": "Refold accepts this connection."}
    assert len(emulator.requests("refold")) == before + (0 if broken else 1)


def add_connection(page: Page, vendor: str) -> Locator:
    """Open the form and choose the connection type of the vendor."""
    page.goto("/connections")
    page.get_by_role("button", name="Add Connection").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").first.click()
    page.get_by_role("option", name=FORMS[vendor]["hook-name"], exact=True).click()
    expect(dialog.locator("input[name=host]")).to_be_visible()
    return dialog


def unfold(dialog: Locator, section: str) -> None:
    """Open a section of the form; this closes the others."""
    button = dialog.get_by_role("button", name=section, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")


def labels(dialog: Locator) -> Locator:
    """Return the visible labels of the open section."""
    return dialog.locator('[data-part="item-content"] label[data-scope="field"]:visible')


def field(dialog: Locator, label: str) -> Locator:
    """Return the row of a field; not every label of Airflow belongs to its input."""
    exactly = re.compile(rf"^\s*{re.escape(label)}\s*$")
    return dialog.get_by_role("group").filter(has=dialog.page.locator("label", has_text=exactly)).last


def save(dialog: Locator) -> None:
    """Press the button, and wait until Airflow has saved the connection."""
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def stored(airflow: RealAirflow, conn_id: str) -> dict[str, Any]:
    """Return the extra fields of a connection, as Airflow has stored them."""
    extra: dict[str, Any] = json.loads(airflow.request("GET", f"/api/v2/connections/{conn_id}")["extra"])
    return extra


def picture(page: Page, name: str, theme: str) -> None:
    """Save a picture of the dialog."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.get_by_role("dialog").screenshot(
        path=PICTURES / (f"form-{name}.png" if theme == "light" else f"form-{name}-{theme}.png"),
        animations="disabled",
    )
