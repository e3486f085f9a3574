"""
Recalculate sheets with PromptLayer's own client, in its environment.

Its argument has the parameters of each recalculation. It prints what each returns: the last status that the client has read.
"""

import json
import os
import sys

from promptlayer.evaluations.polling import wait_for_sheet_operations

key, base_url = os.environ["PROMPTLAYER_API_KEY"], os.environ["PROMPTLAYER_BASE_URL"]
outcomes = []
for parameters in json.loads(sys.argv[1]):
    try:
        outcomes.append({"result": wait_for_sheet_operations(key, base_url, True, **parameters)})
    except Exception as error:  # noqa: BLE001  # the test compares it
        outcomes.append({"error": type(error).__name__, "text": str(error)})
print(json.dumps(outcomes))  # noqa: T201  # a test reads it
