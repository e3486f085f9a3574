"""Names of fields, words that decide, and ids; and similar ones."""

from __future__ import annotations

from typing import Any

from dev.fuzz import target, values
from dev.fuzz.oracles import EXECUTION_ID

_DOCUMENTED = """
    COMPLETED Success completed SUCCESS success succeeded ok done FAILED failed ERRORED RUNNING running queued QUEUED PENDING
    pending IN_PROGRESS processing STOPPED STOPPING TIMED_OUT TERMINATED SKIPPED FAILURE partial error awaiting_ui_interaction
    DUPLICATE
"""
_SIMILAR = "Completed COMPLETE complete Succeeded SUCCEEDED successful Done OK Ok finished Skipped"
_BOOLEANS = "yes no on off true false True False 1 0 y n t f"
_FIELDS = """
    extra __classname__ __data__ status done errored success is_output_node error message execution_id id _id steps nodes
    logs warning headers output result return_value execution_error error_message error_code http_error_type detail code docs
    data items keys jobExecutionId workflow_version_execution_id
"""

#: Words that decide, and similar ones.
WORDS: list[Any] = [
    *(*_DOCUMENTED.split(), "Partially Successful", *_SIMILAR.split(), " COMPLETED", "COMPLETED "),
    *("completed\n", "SUCCESS\u200b", "\ufeffSuccess", "\u017fuccess", "COMPLETED\x00"),
    *("\uff23\uff2f\uff2d\uff30\uff2c\uff25\uff34\uff25\uff24", *_BOOLEANS.split(), "None", "null", True),
    *(False, None, 1, 0, 1.0, 0.0, -1, ["COMPLETED"], ["SUCCESS"], [True], {"status": "COMPLETED"}),
    *({"completed": True}, {}, [], "", EXECUTION_ID, "CRASHED", "COMPLETED_WITH_ERRORS", "aborted"),
]

#: Similar to true or false.
NEARLY_TRUE_OR_FALSE: list[Any] = [
    *(*_BOOLEANS.split(), "FALSE", "", "null", 1, 0, 1.0, 0.0, -1, 2, None, True, False, [], [True], {}),
    {"value": True},
]

#: In the place of an id.
IDS: list[Any] = [
    *("", " ", ".", "..", "None", "null", "a/b", "../../x", "a\\b", "x\n", " x ", "\x00", "\u200bx"),
    *("x\u202e", "ä", "x y", "x" * 200, "x" * 201, "7" * 200, "7" * 201, "X" * 40, "Ab-9_z", "%2e%2e"),
    *("?x=1", "#", 0, 1, -1, 7.0, True, False, None, 2**63, 2**64, 10**250, [], ["x"], {}, {"id": "x"}),
    *(target.KEY, f"id of {target.KEY}", values.SIGNED),
]

#: Names of fields, of any vendor or of none.
NAMES = [*_FIELDS.split(), "", "\n", "\ud800", target.KEY, "x" * 300]


def variants(word: str) -> list[Any]:
    """Return values that resemble a documented word, and are not it."""
    return [
        *(f"{word} ", f" {word}", f"{word}\n", f"{word}\x00", f"{word}\u200b", f"\ufeff{word}", f"{word}."),
        *(
            word.lower(),
            word.upper(),
            word.title(),
            word.swapcase(),
            word[:-1],
            f"{word}_with_errors",
            f"not {word}",
        ),
        *([word], {"status": word}, {word: True}),
    ]
