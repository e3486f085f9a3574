"""Values that a field of a response can have where a vendor documents another one, by their names in the facts."""

from __future__ import annotations

import json

#: The key of a connection, which no text may show.
KEY = "tk_Zx81Lm-Qw93Tr55vK"

#: Odd values, as JSON.
ODD = {
    "null": "null",
    "true": "true",
    "false": "false",
    "zero": "0",
    "one": "1",
    "a fraction": "-1.5",
    "an empty text": '""',
    "a text": '"x"',
    "a list": "[]",
    "a list of nothing": "[null]",
    "an object": "{}",
    "an object that looks like a response": '{"status": "FAILED", "error": "no", "id": "7", "message": null}',
    "half a surrogate pair": '"a\\ud800"',
    "a member of half a surrogate pair": '{"\\ud800": "\\udfff"}',
    "control characters": '"one\\r\\n\\u001b[31mtwo\\u0000"',
    "not a number": "NaN",
    "minus infinity": "-Infinity",
    "a number of 70 bits": str(2**70),
    "a number of 5,000 digits": "9" * 5_000,
    "a text of 100 KB": '"' + "é" * 50_000 + '"',
    "nested deep": "[" * 400 + "]" * 400,
    "nested deeper than Python reads": "[" * 2_000 + "]" * 2_000,
    "the key": f'["{KEY}"]',
    "what Airflow reserves": '{"__classname__": 5, "__type": "dict", "__var": {}}',
}

#: Values that are nearly those that decide.
NEAR = {
    repr(text): json.dumps(text)
    for text in (
        *(
            "yes",
            "on",
            "1",
            "true",
            "True",
            "ok ",
            "OK",
            "Done",
            "successful",
            "SUCCESS",
            "Success",
            "success",
        ),
        *(
            "COMPLETED",
            "COMPLETED ",
            "Completed",
            "completed\x00",
            "\ufeffCOMPLETED",
            "\uff23OMPLETED",
            "SUCCESS\u200b",
        ),
        *("no", "off", "0", "false", "False", "None", "null"),
    )
}

#: Values that mean that there is none.
NOTHING = {"null", "nothing", "an empty text", "false", "zero", "a list", "an object"}
