"""The emulator, held to the vendors' pages: what all vendors do alike here, by the example of Refold; below, each vendor."""

EXECUTE = "/workflow/sync-contacts/execute"


def noted(emulator) -> list[tuple]:
    """Say of every call what was answered, and which fault it met."""
    return [(call["status"], call["fault"]) for call in emulator.calls()]
