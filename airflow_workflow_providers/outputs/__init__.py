"""Where a result goes: files in object storage, published whole."""
