"""What the tests of the emulated Datalab share; written from the vendor's pages, not from the emulator."""

WORKFLOWS = "/api/v1/workflows/workflows"
EXECUTIONS = "/api/v1/workflows/executions"
