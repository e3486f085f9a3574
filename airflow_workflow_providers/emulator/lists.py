"""What the lists of executions of all vendors have in common: how one may differ from the executions themselves."""

from typing import TypeVar

from airflow_workflow_providers.emulator.lifecycle import Lifecycle

T = TypeVar("T")

#: The values of a vendor's variant ``list``. No page says that a list is as new as the executions, or that its pages fit
#: together while executions start and end.
#:
#: * ``current``: each execution is on one page, with its status.
#: * ``stale``: an execution that has ended or was stopped has the last status that it had before.
#: * ``repeats``: each page begins with the last execution of the page before, as if a new one had pushed it there.
#: * ``drops``: the execution after each page is on no page, as if one before it had left the list.
LISTS = ("current", "stale", "repeats", "drops")


def in_pages(items: list[T], limit: int, variant: str) -> list[T]:
    """
    Return the items as pages show them, one page after the other.

    :param items: the items of the list in order.
    :param limit: how many a page has.
    :param variant: one of :data:`LISTS`.
    """
    if variant == "repeats":
        step = max(limit - 1, 1)
        return [each for at in range(0, max(len(items) - 1, 1), step) for each in items[at : at + limit]]
    if variant == "drops":
        return [each for at, each in enumerate(items) if at % (limit + 1) != limit]
    return items


def listed_status(lifecycle: Lifecycle, status: str, variant: str) -> str:
    """
    Return the status that a list shows.

    :param lifecycle: of the execution.
    :param status: its status.
    :param variant: one of :data:`LISTS`.
    """
    before = lifecycle.statuses
    return before[-1] if variant == "stale" and before and status not in before else status
