"""Connections as people fill them in: wrong values in every field, and keys with characters pasted along."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dev.fuzz import fields, shown, target
from dev.fuzz.choices import Choices, cases
from dev.fuzz.responses import place_of
from dev.fuzz.run import Kind, Problem, TookTooLong, limited
from dev.fuzz.trees import short, write
from tests.vendors.documented import VENDORS


@dataclass(frozen=True)
class Case:
    """
    A connection's fields, with the key in them.

    :param must_work: whether nothing is wrong with it.
    :param wrong: for what it must be refused; empty if it may work.
    """

    vendor: str
    key: str
    fields: Mapping[str, Any]
    must_work: bool
    wrong: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the case as a call."""
        fields = ", ".join(f"{name}={short(value)}" for name, value in self.fields.items())
        return f"open_endpoint({self.vendor!r}, {fields})"


class _Form:
    """A connection that starts right and is changed; ``verdicts`` says of each change whether it must work."""

    def __init__(self, vendor: str, key: str) -> None:
        good = target.good_connection(vendor, key)
        self.vendor, self.key = vendor, key
        self.fields: dict[str, Any] = {"login": None, "schema": None, "port": None, **good}
        self.extra: Any = json.loads(good.get("extra") or "{}")
        self.verdicts: dict[str, bool | None] = {}

    def change(self, pick: Choices, what: str) -> None:
        """Change one thing."""
        if what == "key":
            secret, works = _pasted(pick, self.key)
            if self.vendor != "laminar_jobs":
                self.fields["password"], self.verdicts[what] = secret, works
            elif isinstance(self.extra, dict):
                self.extra, self.verdicts[what] = {**self.extra, "trigger_api_key": secret}, works
        elif what == "type":
            self.fields["conn_type"] = pick.of(fields.TYPES)
            self.verdicts[what] = self.fields["conn_type"] == target.HOOKS[self.vendor].conn_type
        elif what == "whole":
            self.extra = pick.of(fields.EXTRAS)
            self.verdicts = {
                name: works for name, works in self.verdicts.items() if not name.startswith("extra")
            }
            needs_some = self.vendor in ("refold", "laminar_jobs")
            empty = self.extra in (None, "", "{}")
            self.verdicts[what] = (
                None if self.extra == "null" and not needs_some else empty and not needs_some
            )
        elif what == "address":
            self.fields["host"] = pick.of(fields.HOSTS if pick.percent(50) else fields.GOOD_HOSTS)
            self.fields["port"] = pick.of(fields.PORTS) if pick.percent(40) else None
            self.fields["schema"] = pick.of(fields.SCHEMAS) if pick.percent(30) else None
        elif what == "login":
            self.fields["login"] = pick.of(fields.LOGINS)
        elif isinstance(self.extra, dict):
            name, value, self.verdicts[f"extra {name}"] = _field(pick, self.vendor)
            self.extra = {**self.extra, name: value}

    def case(self) -> Case:
        """Return it as it would be saved."""
        if self.vendor != "laminar_jobs":
            self.verdicts["address"] = fields.is_address(self.fields)
        elif any(self.fields[name] for name in ("port", "schema")):
            self.verdicts["address"] = None  # the address of jobs is in the extra
        if (
            isinstance(self.extra, dict)
            and self.extra.get("verify") is False
            and "extra ca_bundle" in self.verdicts
        ):
            self.verdicts["extra ca_bundle"] = None  # nothing is verified with it
        extra = self.extra if self.extra is None or isinstance(self.extra, str) else write(self.extra)
        wrong = tuple(name for name, works in self.verdicts.items() if works is False)
        return Case(
            self.vendor, self.key, {**self.fields, "extra": extra}, all(self.verdicts.values()), wrong
        )


def case(pick: Choices) -> Case:
    """Choose a connection: a right one with up to three changes."""
    form = _Form(pick.of(VENDORS), pick.of(fields.KEYS))
    for _ in range(pick.of([1, 0, 1, 2, 3])):
        form.change(pick, pick.of(fields.CHANGES))
    return form.case()


def _pasted(pick: Choices, key: str) -> tuple[str, bool | None]:
    """Return a key as it was pasted, and whether it must work."""
    how = pick.of(["around", "around", "inside", "empty"])
    if how == "empty":
        return pick.of(["", " ", "\ufeff\n", "\u200b"]), False
    if how == "around":
        before, after = (pick.of(["", *fields.AROUND]) * (1 + pick.below(2)) for _ in range(2))
        return before + key + after, True
    at = pick.of([0, len(key) // 2, len(key), 3, len(key) - 3])
    sign = pick.of(fields.UNSENDABLE)
    works: bool | None = False
    if at in (0, len(key)):
        works = (
            True
            if sign in fields.AROUND
            else None
            if unicodedata.category(sign[0]) in ("Cc", "Cf")
            else False
        )
    return key[:at] + sign + key[at:], works


def _field(pick: Choices, vendor: str) -> tuple[str, Any, bool | None]:
    """Return an extra field, its value, and whether that must work."""
    name = pick.of([*fields.COMMON, *fields.OWN.get(vendor, ()) * 3, *fields.UNKNOWN])
    kind = pick.of(["right", "wrong", "free"])
    if kind == "free" and name not in fields.UNKNOWN:
        return name, pick.of(fields.FREE), None
    if kind == "right" and name in fields.RIGHT:
        return name, pick.of(fields.RIGHT[name]), True
    if name in fields.WRONG:
        return name, pick.of(fields.WRONG[name]), False
    return name, None, True


def check(tried: Case) -> Iterator[Problem]:
    """Open a session, and yield what was wrong with that."""
    try:
        session = limited(lambda: target.open_endpoint(tried.vendor, **tried.fields))
    except target.WorkflowError as error:
        reading = target.Reading("open", error=error)
        yield from shown.leaks(
            {**reading.texts, **reading.causes}, {"key": tried.key}, tried.vendor, decode=True
        )
        yield from shown.wrong_with_texts(reading.texts, tried.vendor)
        if tried.must_work:
            yield Problem("a right connection is refused", tried.vendor, str(error))
        return
    except TookTooLong as late:
        yield Problem("it takes too long", place_of(late, tried.vendor), "more than a second")
        return
    except Exception as error:  # noqa: BLE001  # any at all is what is looked for
        yield Problem(f"{type(error).__name__} is raised", place_of(error, tried.vendor), short(str(error)))
        return
    for name in tried.wrong:
        yield Problem("a wrong connection is believed", f"{tried.vendor}, {name}", repr(tried))
    yield from _wrong_with_session(tried, target.address_of(session), target.headers_of(session))
    try:
        limited(lambda: target.send(session, target.requests(tried.vendor)["start"]))
    except target.WorkflowError as error:
        yield from shown.leaks({"error": str(error)}, {"key": tried.key}, tried.vendor, decode=True)
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any at all is what is looked for
        yield Problem(f"{type(error).__name__} is raised", place_of(error, tried.vendor), short(str(error)))


def _wrong_with_session(tried: Case, address: str, headers: Mapping[str, str]) -> Iterator[Problem]:
    """Yield where the address or a header of a session cannot be sent, or is not the connection's."""
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f@?#\\]", address) or not address.isprintable():
        yield Problem("an address that cannot be called is believed", tried.vendor, short(address))
    for name, value in headers.items():
        if not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value):
            yield Problem("a header that cannot be sent is believed", tried.vendor, f"{name}: {short(value)}")
    if tried.must_work and not {tried.key, f"Bearer {tried.key}"} & set(headers.values()):
        yield Problem("another key than the connection's is sent", tried.vendor, short(dict(headers)))
    meant = fields.meant(tried.fields)
    if tried.vendor != "laminar_jobs" and meant and address.rstrip("/") != meant.rstrip("/"):
        yield Problem(
            "another address than the connection's is called", tried.vendor, f"{address}, not {meant}"
        )


KIND = Kind("connections", cases(case, 32), check)
