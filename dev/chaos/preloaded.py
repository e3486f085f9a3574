"""What a scheduler imports once, so that the processes that it forks for tasks need not."""

from dev.vendors import CASES

for case in CASES.values():
    case.operator  # noqa: B018  # imports its module
