"""A DAG for each vendor, with a connection that a person has made in the form."""

from airflow.sdk import DAG

from dev.vendors import CASES

for case in CASES.values():
    if case.get_status:  # one row for each vendor: Laminar's other row has no id
        with DAG(f"by_form_{case.conn_type}", schedule=None) as dag:
            case.task(poll_interval=1, **{case.conn_id: f"{case.conn_type}_by_form"})
        globals()[dag.dag_id] = dag
