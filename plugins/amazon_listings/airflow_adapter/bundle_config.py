"""Whether Airflow is configured with the connectors' DAG bundle, and with how many files."""

from __future__ import annotations

from amazon_listings.errors import ActionRequiredError
from amazon_listings.messages import message

#: How the configuration names the bundle.
CLASSPATH = "amazon_listings.airflow_adapter.connector_bundle.ConnectorBundle"
#: More files than processes help nothing.
MOST_FILES = 64
DEFAULT_FILES = 4


class FilesWrong(ActionRequiredError):
    """The bundle is configured with a number of files that it cannot have."""


class BundleTwice(ActionRequiredError):
    """The bundle is configured more than once, or by a class of its own: each DAG would be made twice."""


def count(files: object) -> int:
    """Return the number of files.

    Raises:
        FilesWrong: it is none, or too large.
    """
    if isinstance(files, bool) or not isinstance(files, int) or not 1 <= files <= MOST_FILES:
        expected = message("settings.whole_number", least=1, most=MOST_FILES)
        raise FilesWrong("settings.wrong", name="files", value=str(files)[:60], expected=expected)
    return files


def has_bundle(bundles: object) -> bool:
    """Return whether the bundle is among those that are configured.

    Args:
        bundles: The list `dag_bundle_config_list`.

    Raises:
        BundleTwice: it is there more than once.
        FilesWrong: its number of files cannot be.
    """
    listed = bundles if isinstance(bundles, list) else []
    ours = [one for one in listed if isinstance(one, dict) and one.get("classpath") == CLASSPATH]
    if len(ours) > 1:
        raise BundleTwice("bundle.twice", classpath=CLASSPATH)
    for one in ours:
        count((one.get("kwargs") or {}).get("files", DEFAULT_FILES))
    return bool(ours)
