"""Images in the shapes that the APIs send."""

from __future__ import annotations

import pytest

from amazon_listings.sources.sales_layer.images import loose_images, positional_images

A, B, T = "https://cdn/a.jpg", "https://cdn/b.jpg", "https://cdn/t.jpg"


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        (A, [A]), ([A, B], [A, B]), ({"url": A, "name": "a"}, [A]), ([{"ORG": A, "TH": T}], [A]),
        ({"THM": {"url": T, "width": 10, "height": 10}, "IMD": {"url": B, "width": 90, "height": 90}}, [B]),
        ({"id": "i1", "name": "a", "sizes": {"TH": {"url": T}, "ORG": {"url": A}}}, [A]),
        ([["M", "i1", A, T], ["M", "i2", B]], [A, B]),
        ({"url": "htp:/oops", "TH": T}, ["htp:/oops"]), ({"url": ""}, []),
        (None, []), ("", []), ([], []), ({"strange": 7}, []), (5, []), ([None, {}], []),
    ],
)  # fmt: skip
def test_every_plausible_shape(value, urls):
    assert [image["url"] for image in loose_images(value)] == urls


def test_what_is_told_about_an_image_is_kept():
    (image,) = loose_images({"ORG": A, "name": "a.jpg", "mime": "image/jpeg", "width": 9, "height": 8})
    assert image == {
        "url": A,
        "sizes": {"ORG": A},
        "name": "a.jpg",
        "mime": "image/jpeg",
        "width": 9,
        "height": 8,
    }


def test_without_an_original_the_largest_is_the_image():
    entry = [["M", "i1", T, B]]
    (image,) = positional_images(entry, ["STATUS", "ID", "TH", "IMD"], {"TH": 100, "IMD": 9000})
    assert image == {"url": B, "sizes": {"TH": T, "IMD": B}}


def test_a_file_is_one_as_well():
    assert positional_images([["M", "f1", A]], ["STATUS", "ID", "FILE"], {})[0]["url"] == A


def test_deleted_and_empty_entries_are_none():
    entries = [["D", "i1", A], ["M", "i2", ""], ["M"], []]
    assert positional_images(entries, ["STATUS", "ID", "ORG"], {}) == []
    assert positional_images("", ["STATUS", "ID", "ORG"], {}) == []
