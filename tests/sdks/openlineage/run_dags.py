"""Run the DAGs of this folder on Airflow's task runner."""

import sys
from pathlib import Path

from airflow.utils.db import initdb

try:
    from airflow.dag_processing.dagbag import DagBag  # Airflow 3.2 and later
except ImportError:
    from airflow.models.dagbag import DagBag

initdb()
bag = DagBag(str(Path(sys.argv[1])))
assert bag.import_errors == {}, bag.import_errors
# ``dag.test()`` runs all tasks in this process, which has one collector of what hooks do. So the DAG whose assets count only if that
# collector has nothing is the first one, and then comes the one whose events come from it.
for dag_id in ("assets", "hook", "operators"):
    bag.dags[dag_id].test()
