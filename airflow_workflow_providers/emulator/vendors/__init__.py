"""The registry of vendors: each is a folder beside this file and a row here."""

from typing import Any

from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.altostrat import Altostrat
from airflow_workflow_providers.emulator.vendors.datalab import Datalab
from airflow_workflow_providers.emulator.vendors.laminar import Laminar
from airflow_workflow_providers.emulator.vendors.promptlayer import PromptLayer
from airflow_workflow_providers.emulator.vendors.refold import Refold

VENDORS: tuple[type[EmulatedVendor[Any]], ...] = (Refold, Laminar, Altostrat, Datalab, PromptLayer)
