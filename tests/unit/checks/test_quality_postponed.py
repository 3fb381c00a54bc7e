import sys
from types import ModuleType

import pytest

from amazon_listings.checks.quality.postponed import postponed


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module that says when it is imported."""
    folder = tmp_path / "slow_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("answer = 42\n")
    (tmp_path / "slow_module.py").write_text("answer = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.startswith("slow_")]:
        del sys.modules[name]


def files(*names):
    return {name for name in names if "__file__" in vars(sys.modules.get(name, ModuleType(name)))}


@pytest.mark.usefixtures("package")
def test_a_module_is_imported_when_it_is_used():
    with postponed("slow_module", "slow_package.part"):
        import slow_module
        from slow_package import part

        assert files("slow_module", "slow_package.part") == set()
    assert not {"slow_module", "slow_package.part"} & set(sys.modules)
    assert (slow_module.answer, part.answer) == (7, 42)
    assert files("slow_module", "slow_package.part") == {"slow_module", "slow_package.part"}
    assert (slow_module.answer, part.answer) == (7, 42)


@pytest.mark.usefixtures("package")
def test_an_import_after_the_block_is_of_the_module_itself():
    with postponed("slow_package.part"):
        from slow_package import part as early
    from slow_package import part
    from slow_package.part import answer

    assert (answer, part.answer, early.answer) == (42, 42, 42)
    assert type(part) is ModuleType


@pytest.mark.usefixtures("package")
def test_a_module_that_is_used_in_the_block_is_imported_there():
    with postponed("slow_module", "slow_package.part"):
        from slow_module import answer
        from slow_package.part import answer as other
    assert (answer, other) == (7, 42)
    assert files("slow_module", "slow_package.part") == {"slow_module", "slow_package.part"}


@pytest.mark.usefixtures("package")
def test_what_is_imported_or_missing_stays_as_it_is():
    import slow_module

    with postponed("slow_module", "slow_missing", "slow_missing.part"):
        assert sys.modules["slow_module"] is slow_module
        with pytest.raises(ModuleNotFoundError):
            import slow_missing  # noqa: F401
