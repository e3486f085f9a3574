"""Lists of executions: their pages, and how a list may differ from the executions that it shows."""

from dataclasses import dataclass
from importlib import import_module

import pytest

from dev.vendors import CASES, VendorCase

#: How many executions a page has here: at Altostrat it is always so many.
LIMIT = 15


@dataclass(frozen=True, kw_only=True)
class Listing:
    """
    A vendor's list of executions, and one execution, from its pages.

    :param path: of a page, with places for its number and for how many executions come before it.
    :param one: the path of one execution.
    :param entries: the field of a page that has the executions.
    :param total: where a page says how many there are.
    :param id: the field of an entry that has the id.
    :param going: the last status before the end.
    :param ended: the status of one that has succeeded.
    """

    path: str
    one: str
    entries: str
    total: tuple[str, ...]
    id: str
    going: str
    ended: str


LISTS = {
    "refold": Listing(
        path=f"/api/v2/public/execution?limit={LIMIT}&page={{page}}",
        one="/api/v2/public/execution/{id}",
        entries="docs",
        total=("totalDocs",),
        id="_id",
        going="RUNNING",
        ended="COMPLETED",
    ),
    "datalab_pipelines": Listing(
        path=f"/api/v1/pipelines/pl_parse/executions?limit={LIMIT}&offset={{before}}",
        one="/api/v1/pipelines/executions/{id}",
        entries="executions",
        total=("total",),
        id="execution_id",
        going="running",
        ended="completed",
    ),
    "altostrat": Listing(
        path="/workflows/fl_sync_sites/executions?page={page}",
        one="/workflows/runs/{id}",
        entries="data",
        total=("meta", "total"),
        id="id",
        going="running",
        ended="completed",
    ),
}


@pytest.fixture(params=LISTS)
def case(request) -> VendorCase:
    return CASES[request.param]


class Account:
    """An account at the vendor: what is read from it."""

    def __init__(self, client, facts: Listing) -> None:
        self.client = client
        self.facts = facts

    def page(self, number: int = 1, query: str = "") -> list[dict]:
        """Return the executions on a page."""
        path = self.facts.path.format(page=number, before=(number - 1) * LIMIT) + query
        return self.client.get(path).json()[self.facts.entries]

    def ids(self, number: int) -> list[str]:
        return [each[self.facts.id] for each in self.page(number)]

    def statuses(self, query: str = "") -> list[str]:
        """Return the statuses on the first page."""
        return [each["status"] for each in self.page(query=query)]

    def status(self, execution_id: str) -> str:
        """Check the status of one execution."""
        return self.client.get(self.facts.one.format(id=execution_id)).json()["status"]

    def total(self) -> int:
        found = self.client.get(self.facts.path.format(page=1, before=0)).json()
        for name in self.facts.total:
            found = found[name]
        return found


@pytest.fixture
def send(emulator, reach, case):
    """Return a client, and the start of an execution."""
    start = import_module(f"tests.emulator.{case.conn_type}.starts").STARTS[case.name]
    account = emulator.account(case.conn_type)
    headers = {name: value.format(**account) for name, value in start.headers.items()}
    client = reach(account["base_url"], headers)
    return client, lambda: client.post(start.path, **start.body)


@pytest.fixture
def account(case, send) -> Account:
    return Account(send[0], LISTS[case.name])


@pytest.fixture
def start(emulator, case, send):
    """Start so many executions, and return their ids, the newest first."""

    def start(number: int = 1) -> list[str]:
        for _ in range(number):
            assert send[1]().status_code < 300
        return [run["execution_id"] for run in emulator.runs(case.conn_type)][::-1]

    return start


@pytest.mark.parametrize(
    ("variant", "pages"),
    [
        ("current", [range(15), range(15, 30), range(30, 35), []]),
        ("repeats", [range(15), range(14, 29), range(28, 35), []]),
        ("drops", [range(15), range(16, 31), range(32, 35), []]),
    ],
)
def test_a_list_repeats_or_drops_executions_between_its_pages_if_it_is_told_to(
    emulator, case, account, start, variant, pages
):
    """By default each execution is on one page."""
    newest = start(35)

    emulator.configure(case.conn_type, list=variant)

    assert [account.ids(number) for number in (1, 2, 3, 4)] == [[newest[at] for at in page] for page in pages]
    assert account.total() == sum(map(len, pages))


def test_the_pages_of_a_short_list_are_the_same_in_every_variant(emulator, case, account, start):
    for number in (0, 1, 14):
        newest = start(number)
        for variant in ("current", "repeats", "drops", "stale"):
            emulator.configure(case.conn_type, list=variant)
            assert [account.ids(page) for page in (1, 2)] == [newest, []]
        emulator.reset()


def test_a_stale_list_shows_an_execution_that_has_ended_as_one_that_goes_on(emulator, case, account, start):
    """Its own status check shows the end. Refold's filter finds it by the status that the list shows."""
    (execution_id,) = start()
    emulator.set_pace(seconds=0)
    emulator.configure(case.conn_type, list="stale")

    assert account.statuses() == [account.facts.going]
    assert account.status(execution_id) == account.facts.ended
    assert account.statuses() == [account.facts.going]
    if case.name == "refold":
        assert account.statuses("&status=RUNNING") == ["RUNNING"]
        assert account.statuses("&status=COMPLETED") == []
    emulator.configure(case.conn_type, list="current")
    assert account.statuses() == [account.facts.ended]


def test_a_stale_list_is_a_status_check_like_any_other(emulator, case, account, start):
    """No execution ends later because a list does not show it."""
    emulator.set_pace(status_checks=3)
    emulator.configure(case.conn_type, list="stale")
    start()

    first, *later = [account.statuses() for _ in range(4)]

    assert first != later[0]
    assert later == [[account.facts.going]] * 3
    assert [run["is_terminal"] for run in emulator.runs()] == [True]


@pytest.mark.parametrize("wrong", ["ended", "in other letters", "null"])
def test_a_list_contradicts_the_executions_with_a_fault(emulator, case, account, start, wrong):
    """It shows as ended what goes on, or has a status in other letters, or none; the executions are as before."""
    facts = account.facts
    said = {"ended": facts.ended, "in other letters": facts.going.title(), "null": None}[wrong]
    emulator.set_pace(seconds=1_000)
    newest = start(2)
    before = account.status(newest[0])
    fault = ("garbled", {"value": None}) if said is None else ("unknown_status", {"status": said})
    emulator.fail(case.conn_type, case.list_statuses, fault[0], **fault[1])

    assert account.statuses() == [said, said]
    assert account.statuses() == [before, before]
    assert account.status(newest[0]) == before
    assert not any(run["is_terminal"] for run in emulator.runs())


def test_a_list_moves_executions_on_no_faster_than_their_own_status_checks(emulator, case, account, start):
    """A page is one status check of each execution on it; a list and a check of its own are two."""
    emulator.set_pace(status_checks=4)
    newest = start(16)

    account.page(1)
    account.status(newest[0])
    account.page(1)

    assert [run["is_terminal"] for run in emulator.runs()] == [False] * 16
    account.page(1)
    assert [run["is_terminal"] for run in emulator.runs()][::-1] == [True] + [False] * 15
    account.page(1)
    assert [run["is_terminal"] for run in emulator.runs()][::-1] == [True] * 15 + [False]
