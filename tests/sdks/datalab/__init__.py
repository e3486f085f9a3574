"""The released client of Datalab, and its command."""

#: The newest release, as it is on PyPI.
REQUIREMENT = "datalab-python-sdk==0.5.0"
