"""
Which commands the ``airflow`` command line has from this package (Airflow 3.2).

Every ``airflow`` command imports this module, so it imports nothing that Airflow has not imported already. The command that a
person runs imports the rest.
"""

from airflow.cli.cli_config import (
    ARG_OUTPUT,
    ARG_VERBOSE,
    ARG_YES,
    ActionCommand,
    Arg,
    CLICommand,
    GroupCommand,
    lazy_load_command,
    positive_int,
)
from airflow.utils.state import TaskInstanceState

_COMMANDS = "airflow_workflow_providers.commands.executions"

_STATES = tuple(state.value for state in TaskInstanceState)

_EXECUTION_ID = Arg(("execution_id",), help="The vendor's id of the execution")
_CONN_ID = Arg(("--conn-id",), help="The id of the connection with which the tasks run", required=True)
_API_URL = Arg(("--api-url",), help="The address of Airflow's API server (default: [api] base_url)")
_DAG_ID = Arg(("-d", "--dag-id"), help="Search only the tasks of this DAG")
_OPERATOR = Arg(
    ("--operator",),
    help="Search the tasks of your own operator NAME too, which inherits from CLASS of this package. It may be repeated",
    metavar="NAME=CLASS",
    action="append",
    default=[],
)
_STATE = Arg(
    ("--state",),
    help="Only tasks in this state of Airflow",
    metavar=", ".join(_STATES),
    choices=_STATES,
)
_LIMIT = Arg(
    ("--limit",),
    help="The most executions, newest DAG run first; 0: all (default: 100)",
    type=positive_int(allow_zero=True),
    default=100,
)
_WITH_OUTPUT = Arg(
    ("--with-output",), help="Show the output of the execution too", action="store_true", default=False
)
_INCLUDE_SUCCESS = Arg(
    ("--include-success",),
    help="Check tasks that have succeeded too. With wait_for_completion=False their executions go on, and that is no mistake",
    action="store_true",
    default=False,
)
_OUTPUT_PATH = Arg(
    ("--output-path",),
    help="Search this folder in object storage, too, for outputs of no known execution. It is that of output_path, or above it",
)
_CANCEL = Arg(
    ("--cancel",),
    help="Stop the executions that go on, if the vendor can, after you have confirmed it",
    action="store_true",
    default=False,
)

_SEARCH = (_CONN_ID, _DAG_ID, _OPERATOR, _API_URL)
_SHOW = (ARG_OUTPUT, ARG_VERBOSE)


def get_cli_commands() -> list[CLICommand]:
    """
    Return the commands, as Airflow adds them to its own.

    :return: the group ``workflow-executions``.
    """
    return [
        GroupCommand(
            name="workflow-executions",
            help="Show and stop the executions that tasks have started on workflow engines",
            description=(
                "Show and stop the executions that tasks have started on workflow engines. The commands ask Airflow's API with "
                "your own token, from the environment variable AIRFLOW_CLI_TOKEN."
            ),
            subcommands=(
                ActionCommand(
                    name="list",
                    help="List the executions of a connection, with their tasks",
                    func=lazy_load_command(f"{_COMMANDS}.list_executions"),
                    args=(*_SEARCH, _STATE, _LIMIT, *_SHOW),
                ),
                ActionCommand(
                    name="show",
                    help="Show an execution, as the vendor has it, and its task",
                    func=lazy_load_command(f"{_COMMANDS}.show_execution"),
                    args=(_EXECUTION_ID, *_SEARCH, _WITH_OUTPUT, *_SHOW),
                ),
                ActionCommand(
                    name="cancel",
                    help="Stop an execution that a task of this Airflow has started",
                    func=lazy_load_command(f"{_COMMANDS}.cancel_execution"),
                    args=(_EXECUTION_ID, *_SEARCH, ARG_YES, ARG_VERBOSE),
                ),
                ActionCommand(
                    name="reconcile",
                    help="Find executions that go on although their tasks have ended, and starts whose response was lost",
                    description=(
                        "Find executions that go on although their tasks have ended, starts whose response was lost, and outputs "
                        "of no known execution. The exit code is 3 if something was found, 0 if nothing was, and 1 if that is "
                        "not known."
                    ),
                    func=lazy_load_command(f"{_COMMANDS}.reconcile"),
                    args=(*_SEARCH, _INCLUDE_SUCCESS, _OUTPUT_PATH, _CANCEL, ARG_YES, *_SHOW),
                ),
            ),
        )
    ]
