"""What the tests of the emulated Refold share; written from the vendor's pages, not from the emulator."""

NO_EXECUTION = {
    "status_code": 404,
    "http_error_type": "NOT_FOUND",
    "error_code": "RESOURCE_NOT_FOUND",
    "message": "Execution not found",
}
