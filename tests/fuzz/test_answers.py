import pytest

from tests.fuzz.share import ANSWERS, made, try_share


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory):
    return made(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_service_may_answer_anything(surfaces, name):
    try_share(surfaces, name)
