"""Expressions: native values, the names they see, and what they must never do."""

import pytest

from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.failures import ExpressionError, UnknownPimFieldError
from amazon_listings.mapping.expressions.rows import ItemRow
from support.small_definition import make_item, record

ITEM = make_item(fields={"n": 2.5, "t": "abc", "l": [1, "x"], "flag": False, "Net weight": "3 kg"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ item.n }}", 2.5),
        ("{{ item.l }}", [1, "x"]),
        ("{{ item.flag }}", False),
        (" {{ item.n }}", " 2.5"),
        ("n={{ item.n }};{{ item.flag }};{{ item.l }}", "n=2.5;false;1, x"),
        ("fixed", "fixed"),
        ("", ""),
        ("{{ item['Net weight'] }}", "3 kg"),
        ("{{ 0.1 + 0.2 }}", 0.3),
        ("{{ 'a' ~ item.n ~ none }}", "a2.5"),
        ("{{ item.t if item.n > 9 }}", None),
        ("{{ item.reference }}/{{ item.sku }}", "P1/S1"),
        ("{{ 7 // 2 }}", 3),
        ("{# note #}x", "x"),
        ("{{ variant.t }}", None),
        ("{{ range(3) | list }}", [0, 1, 2]),
    ],
)
def test_an_expression_gives_a_native_value_and_text_gives_text(text, value):
    found = compile_expression(text)(ITEM, "fr")
    assert found == value
    assert type(found) is type(value)


def test_fields_are_known_before_anything_runs():
    expression = compile_expression("{{ item.a }}{{ product['b'] if variant.c else item.a }}")
    assert sorted(expression.fields) == ["a", "b", "c"]
    assert not expression.constant
    assert compile_expression("Acme").constant


def test_a_variants_blanks_are_empty_so_the_products_value_stands():
    variant = record(fields={"x": "\t", "y": 0}, texts={"title": {"fr": " \u00a0 ", "en": " "}})
    product = {"fields": {"x": "1", "y": 1}, "texts": {"title": {"fr": "Lampe", "en": "Lamp"}}}
    item = make_item(variant=variant, **product)
    values = [compile_expression(f"{{{{ item.{name} }}}}")(item, "fr") for name in ("x", "y", "title")]
    assert values == ["1", 0, "Lampe"]
    item["product"]["texts"]["title"] = {"fr": "  ", "en": "Lamp"}
    row = ItemRow(item, "fr", fallback="en")
    assert (row.get("title"), row.borrowed) == ("Lamp", {"title"})


def test_an_unknown_field_is_told_and_asking_for_it_is_not():
    with pytest.raises(UnknownPimFieldError, match="typo"):
        compile_expression("{{ item.typo }}")(ITEM, "fr")
    with pytest.raises(UnknownPimFieldError, match="typo"):
        compile_expression("{% if item.typo %}x{% endif %}")(ITEM, "fr")
    assert compile_expression("{{ item.typo or item.t }}")(ITEM, "fr") == "abc"
    for asking in (
        "{{ item.typo is defined }}",
        "{{ item.typo | default('x') }}",
        "{{ item.typo is empty }}",
    ):
        compile_expression(asking)(ITEM, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ item.__class__ }}",
        "{{ item['__class__'] }}",
        "{{ item.values }}",
        "{{ ().__class__.__bases__[0].__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ joiner() }}",
        "{{ namespace(a=1) }}",
        "{{ dict(a=1) }}",
        "{{ self.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ item.t | attr('__class__') }}",
        "{{ item | map(attribute='__class__') | list }}",
        "{{ [item.t] | map(attribute='__class__') | list }}",
        "{{ [item.t] | map('attr', '__class__') | list }}",
        "{{ '{0.__class__}'.format(item) }}",
        "{{ '{0.__class__}'.format_map(item) }}",
        "{{ '%s' % item }}",
        "{{ item.t.format }}",
        "{{ item.t.join(['a']) }}",
        "{{ item.t.encode() }}",
        "{{ item.l.append(1) }}",
        "{{ item.l.__class__ }}",
        "{{ item.n.real }}",
        "{{ item.n.as_integer_ratio() }}",
        "{{ range.__init__ }}",
        "{{ item.row }}",
        "{{ _row }}",
        "{{ _row.item }}",
        "{% set _row = 1 %}",
        "{% import 'os' as os %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% call x() %}{% endcall %}",
        "{% block a %}{% endblock %}",
        "{% for x in item.l recursive %}{{ loop(item.l) }}{% endfor %}",
        "{% for x in item.l %}{{ loop.__init__ }}{% endfor %}",
        "{% filter upper %}{{ item.t }}{% endfilter %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ item }}",
        "{{ variants }}",
        "{{ item.t | tojson }}",
        "{{ item.t | pprint }}",
        "{{ item.t | xmlattr }}",
        "{{ (item.t | first).__class__ }}",
        "{{ config }}",
        "{{ request.application.__globals__ }}",
        "{{ get_flashed_messages.__globals__ }}",
        "{{ os.system('id') }}",
        "{{ ''['__cla' ~ 'ss__'] }}",
        "{{ {}['__class__'].x.y }}",
        "{{ item.t['__class__'] }}",
        "{{ (1).__class__ }}",
        "{{ true.__class__ }}",
    ],
)
def test_known_sandbox_escapes_end_in_an_error_or_nothing(text):
    try:
        found = compile_expression(text)(ITEM, "fr")
    except (BadExpression, ExpressionError):
        return
    assert found in (None, [])


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10**10 }}",
        "{{ item.l * 10**9 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 9 ** 999999999 }}",
        "{{ 2.0 ** 99999999 }}",
        "{{ range(10**9) | list }}",
        "{{ range(10**12) }}",
        "{{ item.t.ljust(10**9) }}",
        "{{ item.t | center(10**9) }}",
        "{{ item.t | repeat('x', 10**9) }}",
        "{{ item.t | replace('', 'x' ) | replace('a', item.t | repeat('x', 99999)) | replace('x', 'yyy') }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 30 + "{{ x }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 30 + "{{ x }}",
        "{% set x = item.l %}" + "{% set x = x + x %}" * 30 + "{{ x }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in range(200) %}" * 3 + "x" + "{% endfor %}" * 3,
        "{% for a in range(9999) %}{{ item.t | repeat('x', 999) }}{% endfor %}",
        "{{ range(9999) | join(item.t | repeat('x', 9999)) }}",
        "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | regex_replace('a', item.t | repeat('x', 99999)) }}",
        "{{ 1 / 0 }}",
        "{{ 2.5 | convert_num('.', '', 10**9) }}",
        "{{ item.t | regex_search('x' * 9999) }}",
        "{{ (" * 400 + "1" + ") }}" * 400,
        "{{ item.n" + " | number" * 3000 + " }}",
        "x" * 10 + "{{ item.t }}" * 2000,
    ],
)
def test_no_expression_fills_the_memory_or_runs_on(text):
    with pytest.raises((BadExpression, ExpressionError)):
        compile_expression(text)(ITEM, "fr")


def test_a_hostile_pattern_takes_no_time():
    hostile = make_item(fields={"t": "a" * 50_000 + "!"})
    assert compile_expression("{{ item.t is matches('^(a+)+$') }}")(hostile, "fr") is False


def test_item_data_is_never_a_template():
    hostile = make_item(fields={"t": "{{ item.secret }}{% for x in y %}"})
    assert compile_expression("{{ item.t }}!")(hostile, "fr") == "{{ item.secret }}{% for x in y %}!"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ item.a | uper }}", "No filter named 'uper' in '{{ item.a | uper }}'; did you mean upper?"),
        ("{{ item.a is contain('x') }}", "did you mean contains?"),
        ("{{ item.a | zzzz }}", "No filter named 'zzzz' in '{{ item.a | zzzz }}'"),
    ],
)
def test_a_misspelt_filter_is_told_with_what_was_meant(text, said):
    with pytest.raises(BadExpression) as caught:
        compile_expression(text)
    assert said in caught.value.message
