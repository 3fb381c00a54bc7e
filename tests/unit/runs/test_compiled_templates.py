"""What templates compile to, kept between processes."""

import stat
import tempfile

import pytest
from jinja2 import DictLoader, Environment

from amazon_listings.runs.compiled_templates import CompiledTemplates, compiled_templates


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder for temporary files that is empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def rendered(cache):
    templates = Environment(
        loader=DictLoader({"page": "{{ 1 + 1 }} {{ name }}"}), bytecode_cache=cache, autoescape=True
    )
    return templates.get_template("page").render(name="<b>")


def test_a_template_is_compiled_once_and_only_its_user_can_change_it(place):
    assert rendered(compiled_templates()) == "2 &lt;b&gt;"
    (folder,) = place.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IRWXU
    (compiled,) = folder.iterdir()
    written = compiled.stat().st_mtime_ns
    assert rendered(compiled_templates()) == "2 &lt;b&gt;"
    assert compiled.stat().st_mtime_ns == written


def test_a_damaged_file_is_compiled_again(place):
    rendered(compiled_templates())
    (compiled,) = place.rglob("*.cache")
    compiled.write_bytes(b"?")
    assert rendered(compiled_templates()) == "2 &lt;b&gt;"
    assert len(compiled.read_bytes()) > 1


def test_a_folder_that_is_not_there_or_not_safe_costs_time_only(place):
    assert rendered(CompiledTemplates(str(place / "nowhere"))) == "2 &lt;b&gt;"
    rendered(compiled_templates())
    (folder,) = place.iterdir()
    folder.rename(place / "another")
    folder.symlink_to(place / "another")  # as someone else could who shares the machine
    assert compiled_templates() is None
    assert rendered(None) == "2 &lt;b&gt;"
