"""What a command gives to a source of products: Airflow's connections, asked for only where one is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amazon_listings.sources.port import Access, ConnectionFields


class CommandAccess:
    """Imports Airflow, which takes seconds, when a source asks for what Airflow has."""

    def connection(self, connection_id: str, expected: str) -> ConnectionFields:
        """Return the fields of the Airflow connection of that id and type."""
        return self._airflow().connection(connection_id, expected)

    def path(self, address: str, connection_id: str | None) -> Any:
        """Return the address as a path that opens with the credentials of a connection."""
        return self._airflow().path(address, connection_id)

    def conceal(self, *secrets: str) -> None:
        """Do nothing: a command writes no task log."""

    def _airflow(self) -> Access:
        from amazon_listings.airflow_adapter.connections import AirflowAccess

        return AirflowAccess()
