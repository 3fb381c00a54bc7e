import json
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.validation import Issue, Origin
from amazon_product_types.validation.issue import Source

texts = st.text(max_size=5)
origins = st.none() | st.builds(
    Origin, line=st.none() | st.integers(0, 9), key=texts, field=texts, language=texts
)
issues = st.builds(
    Issue,
    code=texts,
    severity=st.sampled_from(["ERROR", "WARNING", "INFO"]),
    source=st.sampled_from(get_args(Source)),
    message=texts,
    attribute=texts,
    path=texts,
    allowed=st.none() | st.dictionaries(texts, st.integers(), min_size=1),
    found=st.none() | st.booleans() | st.integers() | st.lists(st.integers()),
    measured=st.none() | st.just({"characters": 0, "bytes": 0}),
    origin=origins,
    categories=st.lists(texts).map(tuple),
    codes=st.lists(texts).map(tuple),
)


@settings(deadline=None)
@given(issues)
def test_an_issue_survives_json(issue):
    assert Issue.from_dict(json.loads(json.dumps(issue.to_dict()))) == issue


def test_what_is_found_is_kept_even_if_it_is_false_or_nothing():
    for found in (False, 0, "", []):
        data = Issue("c", "ERROR", "schema", "m", found=found).to_dict()
        assert Issue.from_dict(data).found == found


def test_keys_of_a_newer_version_are_ignored():
    assert (
        Issue.from_dict({"code": "c", "severity": "ERROR", "source": "schema", "message": "m", "new": 1}).code
        == "c"
    )


def test_identity_is_family_and_attribute():
    assert Issue("90220", "ERROR", "preview", "m", attribute="a", family="missing").identity == (
        "missing",
        "a",
    )
    assert Issue("new", "ERROR", "preview", "m", attribute="a").identity == ("new", "a")
