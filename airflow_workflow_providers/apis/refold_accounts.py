"""Refold, the linked accounts of an organisation: the page "List Linked Accounts" of the API reference at https://docs.refold.ai/."""

from typing import Any

from airflow_workflow_providers.apis.refold_lists import Page
from airflow_workflow_providers.core.parameters import whole_number
from airflow_workflow_providers.core.request import Request, Response, read_request


def list_linked_accounts(*, page: int = 1, limit: int = 10) -> Request[dict[str, Any]]:
    """
    Read one page of the linked accounts of the organisation, in the environment of the key.

    They are described at https://docs.refold.ai/v3/api-reference/linked-accounts/list-linked-accounts

    Refold takes no token here, only an API key.

    :param page: from 1.
    :param limit: how many a page has; default: 10.
    :return: Refold's page: ``docs``, each with ``account_id``, ``name``, ``environment``, ``integrations`` and so on, then
        ``totalDocs``, ``hasNextPage`` and so on. The fields that a user of Refold adds to an account (``udf``) are left out, because
        they may hold secrets.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    query = {"page": whole_number("page", page, least=1), "limit": whole_number("limit", limit, least=1)}
    request = read_request("list linked accounts", "/api/v2/public/linked-account", model=Page, query=query)

    def read(response: Response) -> dict[str, Any]:
        found = request.parse(response)
        docs = [{name: value for name, value in each.items() if name != "udf"} for each in found["docs"]]
        return {**found, "docs": docs}

    return request.read_as(request.summary, read)
