"""The DAG bundle of the connectors: several DAG files, of which an edit concerns one.

Airflow's scheduler, API server and workers import this module to know the bundle; only its dag-processor
refreshes it. How it is switched on: docs/operations.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.dag_processing.bundles.base import BaseDagBundle

from amazon_listings.airflow_adapter import bundle_config, share_files
from amazon_listings.settings import airflow_home

if TYPE_CHECKING:
    from pathlib import Path


class ConnectorBundle(BaseDagBundle):
    """Makes the DAGs of all connectors in so many files, parsed side by side; each has a share of them.

    The files lie in a folder of the bundle's name, in Airflow's `dag_bundle_storage_path` or, where that is
    not set, in `dag_bundles` of AIRFLOW_HOME.

    Args:
        files: How many files.
        refresh_interval: After how many seconds the dag-processor looks for documents that changed.
        kwargs: What Airflow gives every bundle.

    Raises:
        BundleTwice: it is configured more than once, or extended: each DAG would be made twice.
        FilesWrong: it cannot have so many files.
    """

    supports_versioning = False

    def __init__(
        self, *, files: int = bundle_config.DEFAULT_FILES, refresh_interval: int = 10, **kwargs: Any
    ) -> None:
        super().__init__(refresh_interval=refresh_interval, **kwargs)
        self.files = bundle_config.count(files)
        bundle_config.has_bundle(conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[]))
        if type(self) is not ConnectorBundle:  # which `dags/connectors.py` would not know
            raise bundle_config.BundleTwice("bundle.twice", classpath=bundle_config.CLASSPATH)

    @property
    def path(self) -> Path:
        """The folder of the files."""
        folder: Path = self.base_dir
        # Airflow's own default is in /tmp, and the same for all that run on a machine.
        if not conf.get("dag_processor", "dag_bundle_storage_path", fallback=""):
            folder = airflow_home() / "dag_bundles" / self.name
        return folder

    def get_current_version(self) -> None:
        """Return None: the connectors are as they are now."""
        return

    def initialize(self) -> None:
        """Write the files that are missing: a worker needs no more of them than that they are there."""
        share_files.add_missing(self.path, self.files)
        super().initialize()

    def refresh(self) -> None:
        """Bring the files up to date; those are touched whose connectors are others than at the last parse.

        Airflow parses a file that was touched since its last parse at once, whatever the interval is.
        """
        # Imported here, every process that is forked to parse a file has it.
        from amazon_listings.airflow_adapter import shared_dags  # noqa: PLC0415

        share_files.refresh(self.path, self.files, shared_dags.connectors_index(self.path))
