"""The vendors' released clients, unmodified and in environments of their own, against the emulator."""
