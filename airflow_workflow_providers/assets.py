"""
Assets that stand for a vendor's workflow, such as ``refold://workflow/6a106ba44480b80424a65289``.

Such an asset says that a workflow has ended, and not where its result is. Each process of Airflow may import this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.sdk import Asset

#: What an address may name, by its scheme. The scheme is the vendor's connection type.
KINDS = {
    "laminar": ("workflow", "job"),
    "datalab": ("pipeline", "workflow"),
    "refold": ("workflow",),
    "promptlayer": ("workflow",),
    "altostrat": ("workflow",),
}


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """
    Return the address of an asset in its only form; Airflow calls this for each asset with such a scheme.

    :param uri: the address, without a fragment and a slash at its end.
    :return: ``<scheme>://<kind>/<id>``, with the kind in lower case and the id percent-encoded.
    :raises ValueError: if it has another form.
    """
    kinds = KINDS[uri.scheme]
    name = unquote(uri.path.removeprefix("/"))
    kind = uri.netloc.lower()
    if kind not in kinds or not name.strip() or "/" in uri.path.removeprefix("/") or uri.query:
        forms = " or ".join(f"{uri.scheme}://{each}/<id>" for each in kinds)
        raise ValueError(f"The URI of an asset of {uri.scheme} must be {forms}.")
    return uri._replace(netloc=kind, path=f"/{quote(name, safe='')}")


def convert_asset_to_openlineage(asset: Asset, lineage_context: object) -> Dataset:  # noqa: ARG001  # Airflow passes it
    """
    Return an asset as OpenLineage names it; OpenLineage's provider calls this for the inlets and outlets of a task.

    :param asset: the asset, whose address has its only form.
    :param lineage_context: not used.
    :return: the dataset with the namespace ``<scheme>://<kind>`` and the name ``<id>``, percent-encoded.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset  # noqa: PLC0415  # only that provider calls this

    uri = urlsplit(asset.uri)
    return Dataset(namespace=f"{uri.scheme}://{uri.netloc}", name=uri.path.removeprefix("/"))


def _factory(scheme: str) -> Callable[..., Asset]:
    def create(*, workflow_id: str, kind: str = KINDS[scheme][0], extra: Any = None) -> Asset:
        from airflow.sdk import Asset  # noqa: PLC0415  # each process of Airflow may import this module

        return Asset(uri=f"{scheme}://{kind}/{quote(str(workflow_id), safe='')}", extra=extra)

    return create


# What Airflow's collector of lineage calls for an asset that a hook names by its scheme.
create_laminar_asset = _factory("laminar")
create_datalab_asset = _factory("datalab")
create_refold_asset = _factory("refold")
create_promptlayer_asset = _factory("promptlayer")
create_altostrat_asset = _factory("altostrat")
