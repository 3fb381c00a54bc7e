import pytest

from amazon_product_types.gtin import digits, is_gtin


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("4006381333931", True),
        ("4006381333932", False),
        ("96385074", True),
        ("036000291452", True),
        ("00000000", False),
        ("n/a", False),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", False),
        ("40063813339", False),
        ("", False),
    ],
)
def test_trade_numbers_have_a_check_digit(text, is_one):
    assert is_gtin(text) is is_one


def test_people_group_the_digits():
    assert digits("4 006381-333931") == "4006381333931"
