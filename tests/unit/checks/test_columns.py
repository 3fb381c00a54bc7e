"""GTINs and addresses of pictures."""

from hypothesis import assume, given
from hypothesis import strategies as st

from amazon_listings.checks.columns import bad_gtin, bad_url


def check_digit(body):
    return str(-sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body))) % 10)


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda size: st.text("0123456789", min_size=size, max_size=size)
    ),
    st.integers(1, 9),
)
def test_a_gtin_has_the_check_digit_of_gs1(body, off):
    right = body + check_digit(body)
    assume(int(right) > 0)
    assert bad_gtin(right) is None
    assert bad_gtin(f" {right} ") is None
    wrong = body + str((int(right[-1]) + off) % 10)
    assert bad_gtin(wrong) == wrong


def test_what_is_no_gtin_and_what_says_nothing():
    assert [bad_gtin(value) for value in (None, "", " ")] == [None] * 3
    bad = ["123", "400638133393A", "٤٠٠٦٣٨١٣٣٣٩٣١"]
    assert [bad_gtin(value) for value in bad] == bad
    assert bad_gtin(4006381333931) is None


def test_a_gtin_that_the_mapping_repairs_is_right_and_one_that_it_does_not_is_wrong():
    for repaired in ('="4006381333931"', "4006381333931\u200b"):
        assert bad_gtin(repaired) is None
    for wrong in ("'4006381333931", "4 006381 333931", '="4006381333932"', "#N/A"):
        assert bad_gtin(wrong) == wrong


def test_which_addresses_are_pictures():
    good = [
        "https://a.example/é.jpg",
        "http://a/b?c=d#e",
        "s3://bucket/key",
        [{"url": "https://a/1.jpg"}],
        None,
        "",
    ]
    assert [bad_url(value) for value in good] == [None] * len(good)
    bad = [
        "a.jpg",
        "//a/b",
        "https://",
        "https://a b/c",
        "https:// a/b",
        "ftp://a/b",
        "javascript:alert(1)",
        "https://[1",
        "https://a:99999/",
    ]
    assert [bad_url(value) for value in bad] == bad
    assert bad_url([{"url": "https://a/1.jpg"}, {"url": "2.jpg"}]) == "2.jpg"


@given(
    st.sampled_from(["https://", "http://", "s3://", "ftp://", "https:/", ""]),
    st.text("aZ0.-/%_~+: \n\u00e9", max_size=12),
)
def test_a_usual_address_is_judged_as_one_with_an_empty_query(scheme, rest):
    assume((scheme + rest).strip() == scheme + rest != "")
    assert (bad_url(scheme + rest) is None) == (bad_url(f"{scheme}{rest}?") is None)
