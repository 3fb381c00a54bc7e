"""Mapping lines written into files that people keep."""

import pytest
import yaml

from amazon_listings.fleet.mapping_patch import difference, with_lines

TEXT = """\
# ours
id: lamps
mapping:
  # the maker
  Marque: "{{ item.brand }}"   # as printed
  Couleur:
    from: color
    values:
      Noir: black
  Nom: "{{ item.name }}"
# behind
period: 3
"""


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "mapping:\n    Marque: a\n    Couleur: b\n    Nom: c",
        "mapping: {Marque: a, Couleur: {x: y}, Nom: c}\nid: lamps\n",
        "id: lamps\nmapping:\n",
        "id: lamps\n",
        "mapping:\n  Marque: |\n    two\n    lines\n\n  Nom: c\n",
    ],
)
@pytest.mark.parametrize(
    "changes",
    [
        {"Marque": "Lumio"},
        {"Couleur": {"from": "c", "values": {"é: \"'": "{{ x }}"}}},
        {"Nom": None, "Marque": None},
        {"Neu": "# no comment", "Anders": ["a", "b"], "Couleur": None},
    ],
)
def test_only_the_named_lines_change(text, changes):
    before, after = yaml.safe_load(text), yaml.safe_load(with_lines(text, changes))
    wanted = {key: value for key, value in ((before.pop("mapping", None) or {}) | changes).items() if value}
    assert (after.pop("mapping", None) or {}) == wanted
    assert after == before


def test_comments_and_other_lines_stay():
    made = with_lines(TEXT, {"Couleur": "red", "Neu": "x"})
    assert [one[1:] for one in difference("a.yaml", TEXT, made).splitlines()[2:] if one[0] == "+"] == [
        "  Couleur: red",
        "  Neu: x",
    ]
    assert "# as printed" in made
    assert made.index("Neu: x") < made.index("# behind")
