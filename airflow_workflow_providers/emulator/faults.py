"""Scripted faults: which there are, with which options, and when the next one is due."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_FLAG = (bool,)
_STATUS = (int,)
_NUMBER = (int, float)

#: Every fault, with its options: default, and the types it may have. ``carry_out`` says whether the vendor does what
#: it was asked before it misbehaves. Where an answer is spoilt it does, for that is the dangerous case; where a call
#: is turned away it does not.
FAULTS: Mapping[str, Mapping[str, tuple[Any, tuple[type, ...]]]] = MappingProxyType(
    {
        "lost_answer": {"carry_out": (True, _FLAG), "clean": (False, _FLAG)},
        "reset": {"clean": (False, _FLAG)},
        "hang": {"carry_out": (False, _FLAG)},
        "slow": {"seconds": (1.0, _NUMBER)},
        "delay": {"seconds": (1.0, _NUMBER)},  # another word for ``slow``
        "hold": {},
        "status": {
            "status": (429, _STATUS),
            "body": (None, (object,)),
            "headers": (None, (dict, type(None))),
            "carry_out": (False, _FLAG),
        },
        "rate_limit": {"retry_after": (None, (int, float, str, type(None))), "carry_out": (False, _FLAG)},
        "server_error": {"status": (500, _STATUS), "carry_out": (False, _FLAG)},
        "unknown_status": {"status": ("HIBERNATING", (str,))},
        "html": {"status": (200, _STATUS), "carry_out": (True, _FLAG)},
        "truncated": {"carry_out": (True, _FLAG)},
        "list_body": {"carry_out": (True, _FLAG)},
        "huge": {"bytes": (1_000_000, (int,))},
        "not_json": {"carry_out": (True, _FLAG)},
        # ``field`` is a path, as ``nodes.0.node_name``: a number is a place in a list, ``*`` is all of a list or an
        # object, and what is not there is made. Without one it is the status, wherever the vendor says it.
        "garbled": {"field": (None, (str, type(None))), "value": (None, (object,))},
        "deep_json": {"depth": (1500, (int,)), "field": ("deep", (str,)), "carry_out": (True, _FLAG)},
        "echo_secret": {"status": (401, _STATUS), "encoding": ("plain", (str,)), "carry_out": (False, _FLAG)},
        # These end when the client leaves. ``seconds`` lie between two pieces.
        "drip": {"part": ("body", (str,)), "seconds": (0.05, _NUMBER), "carry_out": (True, _FLAG)},
        "endless_continue": {"seconds": (0.05, _NUMBER), "carry_out": (True, _FLAG)},
        "empty_gzip": {"seconds": (0.05, _NUMBER), "carry_out": (True, _FLAG)},
        # The true answer and then blanks, which JSON allows: so many bytes in all, as they are or decoded.
        "gzip_bomb": {"bytes": (3_000_000_000, (int,)), "carry_out": (True, _FLAG)},
        "large": {"bytes": (100_000_000, (int,)), "chunked": (False, _FLAG), "carry_out": (True, _FLAG)},
    }
)

#: What an option may be, where it is one of a few words.
_WORDS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("drip", "part"): ("headers", "body"),
        ("echo_secret", "encoding"): (
            "plain",
            "json",
            "percent",
            "percent_lower",
            "html",
            "base64",
            "folded",
            "half",
        ),
    }
)

#: Faults after which the caller has still read its run's id, if the answer has it.
HARMLESS = frozenset({"slow", "delay", "hold", "unknown_status", "huge", "garbled", "deep_json"})
#: Faults that send the vendor's own answer in an odd manner.
STREAMED = frozenset({"drip", "empty_gzip", "gzip_bomb", "large"})

#: The least status that means what each of these says; h11 sends none below 200 as a final answer.
_LEAST_STATUS = {"status": 200, "html": 200, "server_error": 500, "echo_secret": 400}
_GREATEST_STATUS = 599


@dataclass(frozen=True)
class Fault:
    """One fault, due now."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def carries_out(self) -> bool:
        """Whether the vendor does what it was asked before it misbehaves."""
        return bool(self.options.get("carry_out", self.name != "reset"))


@dataclass
class _Script:
    vendor: str
    operation: str
    fault: Fault
    times: int | None
    after: int
    workflow_id: str | None


def checked(name: str, options: dict[str, Any]) -> Fault:
    """Return the fault with all its options filled in, or refuse what no fault is or takes."""
    if name not in FAULTS:
        raise ValueError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
    known = FAULTS[name]
    for option, value in options.items():
        if option not in known:
            raise ValueError(f"Fault {name!r} has no option {option!r}; it has {', '.join(known)}.")
        kinds = known[option][1]
        a_flag_as_number = isinstance(value, bool) and bool not in kinds and object not in kinds
        if a_flag_as_number or not isinstance(value, kinds):
            raise ValueError(f"Option {option!r} of fault {name!r} cannot be {value!r}.")
    filled = {option: options.get(option, default) for option, (default, _) in known.items()}
    if name in _LEAST_STATUS and not _LEAST_STATUS[name] <= filled["status"] <= _GREATEST_STATUS:
        raise ValueError(f"Fault {name!r} answers a status from {_LEAST_STATUS[name]} to {_GREATEST_STATUS}.")
    if filled.get("seconds", 0) < 0 or filled.get("bytes", 0) < 0 or filled.get("depth", 1) < 1:
        raise ValueError(f"Fault {name!r} takes no negative number, and no depth of 0.")
    for option, value in filled.items():
        if value not in _WORDS.get((name, option), (value,)):
            known_words = ", ".join(_WORDS[name, option])
            raise ValueError(f"Option {option!r} of fault {name!r} is one of {known_words}.")
    _check_field(name, filled)
    return Fault(name, filled)


def _check_field(name: str, options: dict[str, Any]) -> None:
    """Refuse a path with an empty step, and a value that JSON cannot say."""
    field_ = options.get("field")
    if field_ is not None and not all(field_.split(".")):
        raise ValueError(f"Option 'field' of fault {name!r} is a path of names with dots between them.")
    try:
        json.dumps(options.get("value"))
    except (TypeError, ValueError):
        raise ValueError(f"Option 'value' of fault {name!r} is anything that JSON can say.") from None


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._scripts: list[_Script] = []
        #: How often all that is held was released; what is held waits for the next time.
        self.releases = 0

    def add(
        self,
        vendor: str,
        operation: str,
        fault: Fault,
        times: int | None,
        after: int,
        *,
        workflow_id: str | None = None,
    ) -> None:
        """Script a fault for the next ``times`` calls (None: for all) after letting ``after`` calls pass.

        With a workflow, only calls of it and of its runs count.
        """
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ValueError("`times` is a whole number from 1, or null for always.")
        if isinstance(after, bool) or not isinstance(after, int) or after < 0:
            raise ValueError("`after` is a whole number from 0.")
        self._scripts.append(_Script(vendor, operation, fault, times, after, workflow_id))

    def due(self, vendor: str, operation: str, workflow_id: str | None) -> Fault | None:
        """Return the fault of this call, if any; scripts for one operation follow one another."""
        found: Fault | None = None
        for script in [s for s in self._scripts if (s.vendor, s.operation) == (vendor, operation)]:
            if script.workflow_id not in (None, workflow_id):
                continue
            if script.after:
                script.after -= 1
            elif found is None:
                found = script.fault
                if script.times is not None:
                    script.times -= 1
        self._scripts = [script for script in self._scripts if script.times != 0]
        return found

    def reset(self) -> None:
        """Forget every script."""
        self._scripts.clear()
