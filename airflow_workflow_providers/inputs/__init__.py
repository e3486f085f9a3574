"""Files of an input: read from object storage, for a vendor that takes uploads."""
