"""The syntax of expressions: Jinja's, cut down to values, `if`, `set` and `for`."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, TemplateSyntaxError, nodes

MAX_TEMPLATE = 10_000
CONTEXT_NAMES = ("item", "product", "variant", "variants", "language", "tables", "connector")

_ALLOWED = (
    nodes.Expr, nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign,
    nodes.AssignBlock, nodes.Keyword, nodes.Pair, nodes.Operand,
)  # fmt: skip


def syntax_tree(source: str) -> nodes.Template:
    """Parse a template that holds nothing but what is allowed.

    Raises:
        TemplateSyntaxError: it is no template, or does what no mapping needs.
    """
    if len(source) > MAX_TEMPLATE:
        raise TemplateSyntaxError(f"an expression has at most {MAX_TEMPLATE} characters", 1)
    tree = _parser().parse(source)
    for node in tree.find_all(nodes.Node):
        _check(node)
    return tree


@cache
def _parser() -> Environment:
    return Environment(autoescape=False, optimized=False, cache_size=0)  # noqa: S701 - it renders nothing


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
        raise TemplateSyntaxError(
            f"{type(node).__name__.lower()} is not allowed in a mapping", node.lineno or 1
        )
    name = getattr(node, "name", None)
    if isinstance(node, nodes.Name) and str(name).startswith("_"):
        raise TemplateSyntaxError(f"{name!r} is not known", node.lineno)
