"""What each part of an expression gives, and what is refused before anything runs."""

import time

import pytest

from amazon_listings.mapping.expressions.budget import Budget
from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.formulas.limits import MAX_DEPTH, TooLarge
from amazon_listings.mapping.formulas.regex import cost, regex_replace
from support.small_definition import make_item, record

FIELDS = {"a": "abc", "n": 7, "l": ["x", "", "y"], "none": None, "rows": [{"c": "1"}, {"c": "2", "d": "z"}]}


def evaluated(text, *, fields=FIELDS, variants=(), row=None):
    found = row or ItemRow(make_item(fields=fields), "fr", siblings=[record(fields=one) for one in variants])
    return compile_expression(text).evaluate(found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{% for x in item.l %}{{ loop.index }}{{ x }}{{ ',' if not loop.last }}{% endfor %}", "1x,2,3y"),
        (
            "{% for x in item.l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.length }}{% endfor %}",
            "033123213",
        ),
        ("{% for x in item.l if x %}{{ x }}{{ loop.length }}{% endfor %}", "x2y2"),
        ("{% for x in item.none %}{{ x }}{% else %}nothing{% endfor %}", "nothing"),
        ("{% for k, v in [['a', 1], ['b', 2]] %}{{ k }}{{ v }}{% endfor %}", "a1b2"),
        ("{% for k in {'a': 1} %}{{ k }}{% endfor %}", "a"),
        ("{% set n = 0 %}{% for x in item.l %}{% set n = n + 1 %}{{ n }}{% endfor %}{{ n }}", "1110"),
        ("{% set x = 'out' %}{% for x in item.l %}{{ x }}{% endfor %}{{ x }}", "xyout"),
        ("{% if item.n > 9 %}big{% elif item.n > 5 %}mid{% else %}small{% endif %}", "mid"),
        ("{% if item.none %}{% set x = 1 %}{% endif %}{{ x }}", ""),
        ("{% set x %}a{{ item.n }}{% endset %}{{ x | upper }}", "A7"),
        ("{% set x | upper %}a{% endset %}{{ x }}", "A"),
        ("{% set a, b = ['p', 'q'] %}{{ b }}{{ a }}", "qp"),
        ("{{ item.l[0] }}", "x"),
        ("{{ item.l[-1] }}", "y"),
        ("{{ item.l[9] }}", None),
        ("{{ item.l[1:] }}", ["", "y"]),
        ("{{ item.a[:2] }}", "ab"),
        ("{{ item.a[::-1] }}", "cba"),
        ("{{ item.a.split('b')[1] }}", "c"),
        ("{{ item.a.startswith('ab') }}", True),
        ("{{ {'abc': 1}[item.a] }}", 1),
        ("{{ {'x': 1}[item.a] }}", None),
        ("{{ item.none.x }}", None),
        ("{{ item.rows[1].d }}", "z"),
        ("{{ item.rows[0].d is defined }}", False),
        ("{{ item.rows | map(attribute='d', default='-') | list }}", ["-", "z"]),
        ("{{ item.rows | selectattr('d', 'defined') | map(attribute='c') | first }}", "2"),
        ("{{ item.rows | selectattr('d') | map(attribute='c') | first }}", "2"),
        ("{{ item.rows | rejectattr('c', 'eq', '1') | length }}", 1),
        ("{{ item.l | select | list }}", ["x", "y"]),
        ("{{ item.l | reject('eq', 'x') | list }}", ["", "y"]),
        ("{{ item.l | map('upper') | join('-') }}", "X-Y"),
        ("{{ ['b', 'A', 'c'] | sort }}", ["A", "b", "c"]),
        ("{{ ['b', 'A'] | sort(case_sensitive=true, reverse=true) }}", ["b", "A"]),
        ("{{ ['a', 'A', 'b'] | unique | list }}", ["a", "b"]),
        ("{{ [1, '1'] | unique | list }}", [1, "1"]),
        ("{{ [0.1, 0.2] | sum }}", 0.3),
        ("{{ [3, 9, 4] | max }}", 9),
        ("{{ item.rows | min(attribute='c') }}", {"c": "1"}),
        ("{{ [] | max }}", None),
        ("{{ 'abc' | reverse }}", "cba"),
        ("{{ item.a | list }}", ["a", "b", "c"]),
        ("{{ 1 < 2 < 3 }}", True),
        ("{{ 1 < 2 > 5 }}", False),
        ("{{ 'x' in item.l and 'q' not in item.l }}", True),
        ("{{ 7 is odd and 8 is even and none is none and item.a is string }}", True),
        ("{{ -item.n + 2 ** 3 }}", 1),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ true | string }}", "true"),
        ("{{ not item.none }}", True),
    ],
)
def test_every_part_of_the_language(text, value):
    found = evaluated(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ variants | map(attribute='c') | join(', ') }}", "Red, Blue"),
        ("{{ variants | selectattr('c', 'eq', 'Blue') | map(attribute='s') | list }}", ["M"]),
        ("{% for v in variants %}{{ v.c }}{{ v['s'] }};{% endfor %}", "RedS;BlueM;"),
        ("{{ (variants | first).c }}{{ variants[1].s }}", "RedM"),
        ("{{ variants | length }}", 2),
        ("{{ variants | sort(attribute='c') | map(attribute='c') | first }}", "Blue"),
        ("{{ (variants[:1] | first).c }}", "Red"),
        ("{% set v = variants[1] %}{{ v.c }}", "Blue"),
    ],
)
def test_records_are_asked_for_their_fields(text, value):
    assert evaluated(text, variants=[{"c": "Red", "s": "S"}, {"c": "Blue", "s": "M"}]) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ item }}", "`item` is a whole record: say which field, as in `item.name`"),
        ("{{ item.name }} {{ product }}", "`product` is a whole record"),
        ("{{ variants | join(', ') }}", "`variants` are whole records"),
        ("{{ variants | map('upper') | list }}", "`map` needs the field of the records"),
        ("{{ variants | sort }}", "`sort` needs the field of the records"),
        ("{{ variants.name }}", "`variants` are whole records"),
        ("{{ variants | first }}", "`variants` is a whole record"),
        ("x{{ range }}", "`range` is a function"),
        ("{{ tables }}", "`tables` are all tables"),
        ("{% for x in item %}{% endfor %}", "a loop runs over a list"),
        ("{% for x in item.l %}{{ loop }}{% endfor %}", "`loop` is the loop itself"),
        ("{% for x in item.l %}{{ loop.cycle('a') }}{% endfor %}", "can be called"),
        ("{{ [item] }}", "`item` is a whole record"),
        ("{{ item.name ~ variant }}", "`variant` is a whole record"),
        ("{{ item == product }}", "whole record"),
        ("{{ product if item.a else 'x' }}", "a value in one case and a whole record in the other"),
        ("{{ item.l | map(item.filter) | list }}", "`map` needs the name of a filter"),
        ("{{ item.l | map('map', 'upper') | list }}", "No filter named 'map'"),
        ("{{ item.l | select(item.test) | list }}", "`select` needs the name of a filter or test"),
        ("{{ item.a.format('x') }}", "can be called"),
        ("{{ item.a(1) }}", "can be called"),
        ("{{ item.l | join(*item.l) }}", "one by one"),
        ("{{ 1e999 }}", "a number must be finite"),
        ("{% set x.y = 1 %}", "only names can be set"),
        ("{% set a, b = item %}", "only names can be set"),
        ("{{ nothing }}", "'nothing' is not known; there are item, product"),
        ("{{ item.a" + " | upper" * 200 + " }}", "nested too deeply"),
    ],
)
def test_what_is_no_value_is_refused_before_anything_runs(text, said):
    with pytest.raises(BadExpression) as caught:
        compile_expression(text)
    assert said in caught.value.message
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ item.none > 3 }}", "an empty value and a number cannot be compared"),
        ("{{ item.a.strip }}", "text has nothing called “strip”"),
        ("{{ item.n.real }}", "a number has nothing called “real”"),
        ("{{ item.a + 1 }}", "“+” needs numbers, not text"),
        ("{{ ['a', 1] | sort }}", "the elements have no order"),
        ("{% for x in item.n %}{% endfor %}", "a number is no list"),
        ("{% set a, b = item.l %}", "2 names are set, and there are 3 values"),
        ("{{ item.n.upper() }}", "a number has nothing called “upper”"),
    ],
)
def test_what_fails_on_an_item_says_why(text, said):
    with pytest.raises(ExpressionError) as caught:
        evaluated(text)
    assert said in str(caught.value)


def test_a_pattern_costs_what_it_repeats_for_each_time():
    assert cost("a") < cost("aa") < cost("a{2}")
    assert cost("a{40}") - cost("a{30}") == cost("a{30}") - cost("a{20}")
    assert cost("(a){40}") - cost("(a){30}") == cost("(a){30}") - cost("(a){20}")


def test_what_a_text_could_become_is_refused_before_it_is_made():
    with pytest.raises(TooLarge):
        regex_replace("a" * 50_000, "b", "three")
    assert regex_replace("a" * 50_000, "b", "c") == "a" * 50_000
    assert regex_replace("a" * 1000, "b", "c" * 1000) == "a" * 1000
    for text in ("{{ (item.t + item.t) | length }}", "{{ (item.t + 'x') | length }}"):
        with pytest.raises(ExpressionError):
            evaluated(text, fields={"t": "x" * 100_000})
    assert evaluated("{{ (item.t + item.t) | length }}", fields={"t": "x" * 50_000}) == 100_000


BIG = "x" * 100_000
GROWING = "{% set x = [item.big] %}" + "{% set x = [x, x] %}" * 40


@pytest.mark.parametrize(
    "text",
    [
        GROWING + "{{ x }}",
        GROWING + "{{ x | string }}",
        GROWING + "{{ x | length }}",
        "{% set x = {'a': item.l} %}"
        + "{% set x = {'a': x, 'b': x} %}" * 40
        + "{{ [x] | table_group('json') }}",
        "{% for a in range(9999) %}{{ (item.big | upper) is contains('z') }}{% endfor %}",
        "{% for a in range(9999) %}{{ (item.big ~ a) | length }}{% endfor %}",
        "{{ range(9999) | map('repeat', 'x', 99999) | list }}",
        "{{ range(9999) | map('money_format', 'de_DE', 'EUR') | join }}" * 9,
        "{% for a in range(9999) %}{% if item.long == item.other %}x{% endif %}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ item.long | sort | first }}{% endfor %}",
        "{% for a in range(9999) %}{{ item.big.count('xx') }}{% endfor %}",
        "{% for a in range(9999) %}{{ item.big | regex_replace('x', 'xx') | length }}{% endfor %}",
        "{% for a in range(9999) %}{{ item.tags | clean_html | length }}{% endfor %}",
        "{% for a in range(9999) %}{{ item.big[::-1] | length }}{% endfor %}",
    ],
)
def test_the_worst_templates_end_soon_and_in_a_sentence(text):
    long = [str(number) for number in range(9_000)]
    fields = {"big": BIG, "l": ["a"], "long": long, "other": list(long), "tags": "<a " * 33_000}
    begun = time.process_time()
    with pytest.raises((ExpressionError, BadExpression)) as caught:
        evaluated(text, fields=fields)
    assert time.process_time() - begun < 2
    assert len(str(caught.value)) < 300


def test_what_an_expression_reads_is_known_by_record():
    reads = compile_expression(
        "{{ item.a or product.b }}{{ variant['c'] }}{% for v in variants %}{{ v.d }}{% endfor %}"
        "{{ item.e | from_table(tables.t, 'x', 'y') }}"
    ).reads
    assert (reads.item, reads.product, reads.variant) == ({"a", "e"}, {"b"}, {"c"})
    assert (reads.variants, reads.tables, reads.any_field) == ({"d"}, {"t"}, False)
    assert compile_expression("{{ item[language] }}").reads.any_field


MUCH = {"list": list(range(9000)), "text": "word " * 19_000, "run": "a" * 60_000 + "b"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ item.list | select('in', item.list) | list | length }}",
        "{{ item.list | reject('in', item.list) | list | length }}",
        "{% for a in item.list if a in item.list %}{{ a }}{% endfor %}",
        "{% for a in item.list %}{{ item.text == item.text ~ 'x' }}{% endfor %}",
        "{{ item.list | map('string') | map('replace', '1', item.text) | list }}",
        "{{ item.list | map('string') | join(item.text) }}",
        "{% set x = item.text %}{% for a in item.list %}{% set x = x ~ x %}{{ x }}{% endfor %}",
        "{% for a in item.list %}{% for b in item.list %}{{ a * b }}{% endfor %}{% endfor %}",
        "{% for a in item.list %}{{ a | regex_replace('.{0,200}.{0,200}', 'q') }}{% endfor %}",
        "{% for a in item.list %}{% if a is matches('[\\\\pL\\\\pN]{1,40}') %}{% endif %}{% endfor %}",
        "{{ item.list | map('regex_split', '(?:[a-z]{1,30}){1,30}') | list }}",
        "{{ item.list | map('string') | select('matches', '(?i).{0,999}') | list }}",
        "{{ item.text | regex_split('') }}",
    ],
)
def test_the_worst_ends_in_a_sentence_within_a_second(text):
    evaluated("{{ item.a | regex_replace('a', 'b') }}")  # the engine of patterns is loaded once
    began = time.thread_time()
    with pytest.raises(ExpressionError, match=r"too much work|would have"):
        evaluated(text, fields=MUCH)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        (" *[,;] *", ["a b", "c", "d"]),
        (" *", ["a", "b", ",", "c", ";", "d"]),
        ("", ["a", "b", ",", "c", ";", "d"]),
        ("$", ["a b , c;d"]),
        (r"\\b", ["a", "b", ",", "c", ";", "d"]),
    ],
)
def test_a_pattern_that_matches_no_character_splits_and_ends(pattern, parts):
    found = evaluated(f"{{{{ item.a | regex_split('{pattern}') }}}}", fields={"a": "a b , c;d"})
    assert found == parts


def test_the_expressions_of_an_item_have_one_budget_together():
    row = ItemRow(make_item(fields=MUCH), "fr")
    expression = compile_expression("{% for a in item.list %}{{ a * 3 + 1 }}{% endfor %}")
    began = time.thread_time()

    def every_line():
        for _ in range(10_000):
            expression.evaluate(row)

    with pytest.raises(ExpressionError, match="take too much work together"):
        every_line()
    assert time.thread_time() - began < 10
    assert evaluated("{{ item.text | length }}", fields=MUCH) == 95_000


@pytest.mark.parametrize(
    "text",
    [
        r"{{ '\ud83d' }}",
        r"{{ item.a | replace('a', '\udc00') }}",
        r"{{ ['\ud83d'] }}",
        r"{{ {'\ud83d': 1} }}",
        "{{ 1 }}\ud83d",
        r"{% set x = '\ud83d' %}{{ x }}",
        r"{{ item.l | map('replace', 'x', '\ud83d') }}",
    ],
)
def test_no_text_of_an_expression_holds_half_a_character(text):
    with pytest.raises(BadExpression, match="half a character"):
        compile_expression(text)
    assert evaluated("{{ '\U0001f600' }}") == "\U0001f600"


def test_lists_in_lists_are_read_to_the_limit_and_no_deeper():
    nested = ["x"]
    for _ in range(MAX_DEPTH):
        nested = [nested]
    Budget().value(nested)
    with pytest.raises(TooLarge):
        Budget().value([nested])
