"""The status checks of all waits of a triggerer."""
