"""`promptlayer` 1.5.16 for Python: it recalculates the cells of a sheet, and waits for the end."""

import json
from pathlib import Path

from tests.sdks import printed_json

SCRIPT = Path(__file__).parent / "recalculate_sheet.py"
COLUMN = "00000000-0000-4000-a000-000000000001"


def table(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def test_the_client_understands_the_ends_of_an_operation(emulator, python, tmp_path):
    emulator.set_pace(seconds=1)
    account = emulator.account("promptlayer")
    environment = {"PROMPTLAYER_BASE_URL": account["base_url"], "PROMPTLAYER_API_KEY": account["api_key"]}
    sheet = {"sheet_id": "00000000-0000-4000-9000-000000000001", "column_ids": [COLUMN]}
    given = [{"table_id": table(number), **sheet} for number in (1, 2, 4, 5)]

    done, failed, partial, nothing = printed_json(
        [str(python), str(SCRIPT), json.dumps(given)], tmp_path, environment
    )

    assert done["result"]["status"] == partial["result"]["status"] == "completed"
    assert [each["result"]["failed_count"] for each in (done, partial)] == [0, 3]
    assert "failed while computing" in failed["text"]
    assert nothing["result"] is None or "operation_id" not in nothing["result"]
    assert [run["is_terminal"] for run in emulator.runs("promptlayer")] == [True, True, True]
