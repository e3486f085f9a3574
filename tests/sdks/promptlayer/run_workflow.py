"""
Run workflows with PromptLayer's own client, in its environment.

Its argument says which of the two clients to use and has the parameters of each run. It prints what each returns.
"""

import asyncio
import json
import sys

from promptlayer import AsyncPromptLayer, PromptLayer

chosen = json.loads(sys.argv[1])
outcomes = []
for parameters in chosen["runs"]:
    try:
        # The address and the key come from the environment, as in the vendor's examples.
        if chosen["client"] == "PromptLayer":
            outcomes.append({"result": PromptLayer().run_workflow(**parameters)})
        else:
            outcomes.append({"result": asyncio.run(AsyncPromptLayer().run_workflow(**parameters))})
    except Exception as error:  # noqa: BLE001  # the test compares it
        outcomes.append({"error": type(error).__name__, "text": str(error)})
print(json.dumps(outcomes))  # noqa: T201  # a test reads it
