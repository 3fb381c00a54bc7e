from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.selling_partner.calls.redaction import LONGEST, redact

_TOKEN = st.text("ABCdef123_-.", min_size=4, max_size=60)
_MARKS = ["Atza|", "Atzr|", "amzn1.oa2-cs.v1.", "refresh_token=", "client_secret=", "access_token="]


@given(st.text(max_size=30), _TOKEN, st.sampled_from(_MARKS))
def test_what_looks_like_a_token_never_stays(before, token, mark):
    assert f"{mark}{token}" not in redact(f"{before} {mark}{token} after")


def test_signed_addresses_lose_their_query():
    shown = redact("GET https://s3.amazonaws.com/doc?X-Amz-Signature=abc&X-Amz-Credential=def failed")
    assert shown == "GET https://s3.amazonaws.com/doc?••• failed"
    assert "abc" not in redact("url: /doc?X-Amz-Signature=abc (Caused by …)")


@given(st.text(), st.text(min_size=1))
def test_literal_secrets_are_masked_and_texts_stay_on_one_short_line(text, secret):
    shown = redact(f"{text}{secret}", ["shh", secret])
    assert len(shown) <= LONGEST + 1
    assert shown.isprintable()
