"""The registry: a vendor is a folder beside this file and a row here."""

from airflow_workflow_providers.emulator.shape import Vendor
from airflow_workflow_providers.emulator.vendors.refold import Refold

VENDORS: tuple[type[Vendor], ...] = (Refold,)
