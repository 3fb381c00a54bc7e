"""What can go wrong while reading a PIM, named by what happens next."""

from __future__ import annotations

from amazon_listings.errors import ActionRequiredError, AmazonListingsError, ItemError, RetryableError


class PimUnavailable(RetryableError):
    """The PIM did not answer, or not with a whole answer, after several tries."""


class PimBusy(RetryableError):
    """The PIM asks us to come back later: throttled, blocked for a while, or being updated."""


class IncompleteConnection(ActionRequiredError):
    """A field of the Airflow connection is empty or wrong in itself."""


class CredentialsRefused(ActionRequiredError):
    """The PIM does not accept the key, the connector code or the secret."""


class ClockRefused(ActionRequiredError):
    """The PIM does not accept our time, even after it was set by the PIM's own."""


class UnexpectedAnswer(ActionRequiredError):
    """The PIM answered something that its documentation does not describe."""


class UnsafeLink(ActionRequiredError):
    """A link in an answer leads to another host; following it would hand over the credentials."""


class UnusableSource(ActionRequiredError):
    """The source as configured cannot be read: no such file, column, language or status."""


class UnusableRecord(ItemError):
    """One row or record cannot become an item; the others go on."""


class UnusableRow(AmazonListingsError):
    """What is wrong with a row; the text stands behind the name of its place."""


class NotThere(UnusableSource):
    """The PIM has nothing at the address asked for."""
