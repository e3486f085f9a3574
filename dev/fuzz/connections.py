"""Connections as people fill them in: wrong values in every field, and keys that were pasted with other characters."""

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
from dev.fuzz.oracles import oracle
from dev.fuzz.run import Kind, Problem, TookTooLong, limited, unexpected
from dev.fuzz.trees import short, write
from dev.vendors import CASES


@dataclass(frozen=True)
class Case:
    """
    The fields of a connection, with the key in them.

    :param must_work: whether it is valid.
    :param wrong: why it must be rejected; empty if it may work.
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
    """A valid connection that is changed; ``works`` says of each change whether it must work, may work or must not."""

    def __init__(self, vendor: str, key: str) -> None:
        good = target.good_connection(vendor, key)
        self.vendor, self.key = vendor, key
        self.fields: dict[str, Any] = {"login": None, "schema": None, "port": None, **good}
        self.extra: Any = json.loads(good.get("extra") or "{}")
        self.works: dict[str, bool | None] = {}

    def change(self, pick: Choices, what: str) -> None:
        """Change one thing."""
        if what == "key":
            secret, works = _pasted(pick, self.key)
            key_field = oracle(self.vendor).key_field
            if key_field in self.fields:
                self.fields[key_field], self.works[what] = secret, works
            elif isinstance(self.extra, dict):
                self.extra, self.works[what] = {**self.extra, key_field: secret}, works
        elif what == "type":
            self.fields["conn_type"] = pick.of(fields.TYPES)
            self.works[what] = self.fields["conn_type"] == CASES[self.vendor].conn_type
        elif what == "whole":
            self.extra = pick.of(fields.EXTRAS)
            self.works = {name: works for name, works in self.works.items() if not name.startswith("extra")}
            needs_some = bool(oracle(self.vendor).extra)
            empty = self.extra in (None, "", "{}")
            self.works[what] = None if self.extra == "null" and not needs_some else empty and not needs_some
        elif what == "address":
            self.fields["host"] = pick.of(fields.HOSTS if pick.percent(50) else fields.GOOD_HOSTS)
            self.fields["port"] = pick.of(fields.PORTS) if pick.percent(40) else None
            self.fields["schema"] = pick.of(fields.SCHEMAS) if pick.percent(30) else None
        elif what == "login":
            self.fields["login"] = pick.of(fields.LOGINS)
        elif isinstance(self.extra, dict):
            name, value, self.works[f"extra {name}"] = _field(pick, self.vendor)
            self.extra = {**self.extra, name: value}

    def case(self) -> Case:
        """Return the connection as Airflow saves it."""
        if CASES[self.vendor].address == "host":
            self.works["address"] = fields.is_address(self.fields)
        elif any(self.fields[name] for name in ("port", "schema")):
            self.works["address"] = None  # the address is in the extra
        if (
            isinstance(self.extra, dict)
            and self.extra.get("verify") is False
            and "extra ca_bundle" in self.works
        ):
            self.works["extra ca_bundle"] = None  # it is not used
        extra = self.extra if self.extra is None or isinstance(self.extra, str) else write(self.extra)
        wrong = tuple(name for name, works in self.works.items() if works is False)
        return Case(self.vendor, self.key, {**self.fields, "extra": extra}, all(self.works.values()), wrong)


def case(pick: Choices) -> Case:
    """Choose a connection: a valid one with up to three changes."""
    form = _Form(pick.of(sorted(CASES)), pick.of(fields.KEYS))
    for _ in range(pick.of([1, 0, 1, 2, 3])):
        form.change(pick, pick.of(fields.CHANGES))
    return form.case()


def _pasted(pick: Choices, key: str) -> tuple[str, bool | None]:
    """Return a key as a person pastes it, and whether it must work."""
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
    own = oracle(vendor).fields
    name = pick.of([*fields.COMMON, *list(own) * 3, *fields.UNKNOWN])
    right, wrong = {**fields.COMMON, **own, **fields.UNKNOWN}[name]
    kind = pick.of(["right", "wrong", "free"])
    if kind == "free" and name not in fields.UNKNOWN:
        return name, pick.of(fields.FREE), None
    if kind == "right" and right:
        return name, pick.of(right), True
    if wrong:
        return name, pick.of(wrong), False
    return name, None, True


def check(tried: Case) -> Iterator[Problem]:
    """Read the connection, build a request with it, and yield what was wrong."""
    secrets = {"key": tried.key}
    try:
        endpoint = limited(lambda: target.open_endpoint(tried.vendor, **tried.fields))
    except target.WorkflowError as error:
        reading = target.Reading("open", error=error)
        yield from shown.leaks({**reading.texts, **reading.causes}, secrets, tried.vendor, decode=True)
        yield from shown.wrong_with_texts(reading.texts, tried.vendor)
        if tried.must_work:
            yield Problem("a valid connection is rejected", tried.vendor, str(error))
        return
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any exception is a result here
        yield unexpected(error, tried.vendor)
        return
    for name in tried.wrong:
        yield Problem("an invalid connection is accepted", f"{tried.vendor}, {name}", repr(tried))
    yield from _wrong_with_endpoint(tried, endpoint.settings.base_url, endpoint.settings.headers)
    try:
        limited(lambda: target.headers_of(endpoint, target.requests(tried.vendor)["start"]))
    except target.WorkflowError as error:
        yield from shown.leaks({"error": str(error)}, secrets, tried.vendor, decode=True)
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # as above
        yield unexpected(error, tried.vendor)


def _wrong_with_endpoint(tried: Case, address: str, headers: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is wrong with the base URL or a header: it cannot be sent, or is not the connection's."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"[\s\x00-\x1f@?#\\]", address) or not address.isprintable():
        yield Problem("an invalid address is accepted", tried.vendor, short(address))
    yield from shown.wrong_with_headers(headers, tried.vendor)
    if tried.must_work and not {tried.key, f"Bearer {tried.key}"} & set(headers.values()):
        yield Problem("another key than the connection's is sent", tried.vendor, short(dict(headers)))
    meant = fields.meant(tried.fields)
    if CASES[tried.vendor].address == "host" and meant and address.rstrip("/") != meant.rstrip("/"):
        yield Problem(
            "another address than the connection's is used", tried.vendor, f"{address}, not {meant}"
        )


KIND = Kind("connections", cases(case, 32), check)
