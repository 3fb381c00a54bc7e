"""Who is asking, and what Airflow lets them do.

A plugin's app does not inherit Airflow's login. Every route of a connector asks for the very DAG that its
address names, and lists hold only what the user may read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import (
    ConnectionDetails,
    DagDetails,
    VariableDetails,
)
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, HTTPException

from amazon_listings.web.configured import DAG_PREFIX, new_connector_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import BrokenConnector, Connector


@dataclass(frozen=True)
class Visitor:
    """A user who is signed in to Airflow."""

    user: BaseUser

    @property
    def name(self) -> str:
        """Return the name by which Airflow knows the user."""
        return str(self.user.get_name())

    @property
    def id(self) -> str:
        """Return the id by which Airflow's auth manager knows the user."""
        return str(self.user.get_id())

    def may_read(self, dag_id: str) -> bool:
        """Return whether the user may see a connector: its DAG, or one that is being made."""
        return self.makes(dag_id) if new_connector_of(dag_id) else self._may("GET", dag_id)

    def may_edit(self, dag_id: str) -> bool:
        """Return whether the user may change a connector: map its fields, approve its runs, start them."""
        return self.makes(dag_id) if new_connector_of(dag_id) else self._may("PUT", dag_id)

    def may_use_connection(self, connection_id: str) -> bool:
        """Return whether the user may use an Airflow connection: look at it and test it."""
        details = ConnectionDetails(conn_id=connection_id)
        return bool(
            get_auth_manager().is_authorized_connection(method="GET", details=details, user=self.user)
        )

    def may_create_variables(self) -> bool:
        """Return whether the user may create Airflow Variables, and with them connectors."""
        details = VariableDetails(key=None)
        return bool(get_auth_manager().is_authorized_variable(method="POST", details=details, user=self.user))

    def makes(self, dag_id: str) -> bool:
        """Return whether the user may see and change a connector that is being made.

        Its maker may, and those who may create Variables.
        """
        new = new_connector_of(dag_id)
        return new is not None and (new.made_by_id == self.id or self.may_create_variables())

    def readable(
        self, connectors: Iterable[Connector | BrokenConnector]
    ) -> list[Connector | BrokenConnector]:
        """Return those connectors of which the user may see the DAG."""
        return [one for one in connectors if self._may("GET", dag_id_of(one.id))]

    def _may(self, method: Literal["GET", "PUT"], dag_id: str) -> bool:
        manager = get_auth_manager()
        return bool(manager.is_authorized_dag(method=method, details=DagDetails(id=dag_id), user=self.user))


def dag_id_of(connector_id: str) -> str:
    """Return the id of a connector's DAG."""
    return f"{DAG_PREFIX}{connector_id}"


def signed_in(user: Annotated[BaseUser, Depends(get_user)]) -> Visitor:
    """Return the user who asks; Airflow answers 401 or 403 where there is none."""
    return Visitor(user)


def reader(dag_id: str, visitor: Annotated[Visitor, Depends(signed_in)]) -> Visitor:
    """Return the user who asks, if they may see the DAG that the address names.

    Raises:
        HTTPException: 403, they may not.
    """
    if not visitor.may_read(dag_id):
        raise HTTPException(403, "web.not_allowed")
    return visitor


def editor(dag_id: str, visitor: Annotated[Visitor, Depends(reader)]) -> Visitor:
    """Return the user who asks, if they may change the DAG that the address names.

    Raises:
        HTTPException: 403, they may not.
    """
    if not visitor.may_edit(dag_id):
        raise HTTPException(403, "web.not_allowed_to_edit")
    return visitor


AnyUser = Annotated[Visitor, Depends(signed_in)]
Reader = Annotated[Visitor, Depends(reader)]
Editor = Annotated[Visitor, Depends(editor)]
