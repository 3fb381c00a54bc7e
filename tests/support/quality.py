"""What the quality check found."""


def codes(row):
    """Return the codes of the issues of a row."""
    return [issue["code"] for issue in row["issues"]]
