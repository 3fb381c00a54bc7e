"""What an expression may be made of, and the bounds put into it before it is compiled."""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateSyntaxError, nodes

#: Filters of our own making; with a space in it, no template can name them.
LOOP_OVER, TEXT_OF = "loop over", "text of"

_ALLOWED = (
    nodes.Expr, nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign,
    nodes.AssignBlock, nodes.Keyword, nodes.Pair, nodes.Operand, nodes.Scope,
)  # fmt: skip


def bounded(tree: nodes.Template) -> None:
    """Check every part of `tree`, then put the bounds in: loops are counted, texts measured.

    Raises:
        TemplateSyntaxError: it has a part that no mapping needs.
    """
    found = list(tree.find_all(nodes.Node))
    for node in found:
        _check(node)
    for node in [tree, *found]:
        _bound(node)


def _check(node: nodes.Node) -> None:
    name = getattr(node, "name", None)
    if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
        raise TemplateSyntaxError(
            f"{type(node).__name__.lower()} is not allowed in a mapping", node.lineno or 1
        )
    if isinstance(node, nodes.Name) and str(name).startswith("_"):
        raise TemplateSyntaxError(f"{name!r} is not known", node.lineno)


def _bound(node: nodes.Node) -> None:
    """Put the bounds in: what a loop runs over is counted, and `a ~ b` measured before it is made."""
    if isinstance(node, nodes.For):
        node.iter = nodes.Filter(node.iter, LOOP_OVER, [], [], None, None, lineno=node.lineno)
    for field, value in list(node.iter_fields()):
        if isinstance(value, list):
            setattr(node, field, [_measured(part) for part in value])
        else:
            setattr(node, field, _measured(value))


def _measured(part: Any) -> Any:
    if not isinstance(part, nodes.Concat):
        return part
    parts = nodes.List(list(part.nodes), lineno=part.lineno)
    _bound(parts)
    return nodes.Filter(parts, TEXT_OF, [], [], None, None, lineno=part.lineno)
