import pytest

from tests.fuzz.share import DOCUMENTS, made, try_share


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory):
    return made(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_may_hold_anything(surfaces, name):
    try_share(surfaces, name)
