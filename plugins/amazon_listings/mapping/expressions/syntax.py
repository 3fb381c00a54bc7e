"""The syntax of expressions: Jinja's, cut down to values, `if`, `set` and `for`."""

from __future__ import annotations

from functools import cache, lru_cache

from jinja2 import Environment, nodes

from amazon_listings.incoming.values import is_text
from amazon_listings.mapping.expressions.failures import WrongSyntax

MAX_TEMPLATE = 10_000
CONTEXT_NAMES = ("item", "product", "variant", "variants", "language", "tables", "connector")

_ALLOWED = (
    nodes.Expr, nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign,
    nodes.AssignBlock, nodes.Keyword, nodes.Pair, nodes.Operand,
)  # fmt: skip


@lru_cache(maxsize=512)  # connectors share lines, and pages compile them again and again
def syntax_tree(source: str) -> nodes.Template:
    """Parse a template that holds nothing but what is allowed.

    Raises:
        TemplateSyntaxError: it is no template.
        WrongSyntax: it does what no mapping needs.
    """
    if len(source) > MAX_TEMPLATE:
        raise WrongSyntax("expression.long", 1, most=MAX_TEMPLATE)
    tree = parser_environment().parse(source)
    for node in tree.find_all(nodes.Node):
        _check(node)
    return tree


@cache
def parser_environment() -> Environment:
    """Return what templates are parsed with."""
    return Environment(autoescape=False, optimized=False, cache_size=0)  # noqa: S701 - it renders nothing


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
        raise WrongSyntax("expression.not_allowed", node.lineno, part=type(node).__name__.lower())
    text = node.value if isinstance(node, nodes.Const) else getattr(node, "data", None)
    if isinstance(text, str) and not is_text(text):
        raise WrongSyntax("expression.half_character", node.lineno)
    name = getattr(node, "name", None)
    if isinstance(node, nodes.Name) and str(name).startswith("_"):
        raise WrongSyntax("expression.hidden_name", node.lineno, name=name)
