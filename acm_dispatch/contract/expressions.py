"""Integer expressions in declarations: the amount of work, and the dimensions of results.

They are held to whole numbers where they are written down, since they are evaluated in every call: names, integers,
``+ - * // % **`` (by a constant), comparisons, ``and or not``, ``a if b else c``, and `abs`, `bool`, `int`, `len`,
`max`, `min`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

from ..errors import DeclarationError, shortened, shown

FUNCTIONS = ("abs", "bool", "int", "len", "max", "min")

_NODES = (
    *(ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Call, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.IfExp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow, ast.USub, ast.UAdd, ast.Not, ast.And),
    *(ast.Or, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)

#: Sizes that an expression is tried on.
_SIZES = (0, 1, 2, 7)

#: The largest power: more would be a mistake, and could take for ever.
_MOST_POWER = 8


def compiled(where: str, text: Any, known: Collection[str]) -> tuple[str, CodeType]:
    """An integer expression over `known` names: as Python writes it, and its code.

    Parameters
    ----------
    where : str
        What the expression is of: the beginning of an error.
    text : str
    known : collection of str

    Raises
    ------
    DeclarationError
        If it is none: not Python, other operators or functions, other names.
    """
    if not isinstance(text, str):
        raise DeclarationError(f"{where} is {shown(text)}; expected an integer expression")
    parsed = _parsed(text.strip())
    if isinstance(parsed, str):
        raise DeclarationError(f"{where} is {shown(text)}, which {parsed}")
    written, code = parsed
    if strange := sorted(set(code.co_names).difference(known, FUNCTIONS)):
        raise DeclarationError(f"{where} names {shortened(', '.join(strange))}, which is no dimension or option")
    return written, code


@lru_cache(256)  # the same few in all declarations
def _parsed(text: str) -> tuple[str, CodeType] | str:
    """An expression as Python writes it and its code, or what is wrong with it."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"is no expression ({error})"
    if problem := next(filter(None, map(_problem, ast.walk(tree))), None):
        return problem
    return ast.unparse(tree), compile(tree, "<expression of a declaration>", "eval")


def _problem(node: ast.AST) -> str | None:
    if isinstance(node, ast.Div):
        return "divides by `/`; expected an integer expression, with `//`"
    if not isinstance(node, _NODES):
        return f"is no integer expression ({type(node).__name__})"
    if isinstance(node, ast.Constant) and type(node.value) is not int:
        return f"holds {shown(node.value)}; expected integers"
    if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
        return f"calls something else than {', '.join(FUNCTIONS)}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = node.right.value if isinstance(node.right, ast.Constant) else None
        return None if isinstance(power, int) and power <= _MOST_POWER else "has a power that is no small constant"
    return None


def tried(where: str, code: CodeType, dims: Collection[str], options: Mapping[str, Any]) -> None:
    """Raise `DeclarationError` unless `code` gives integers for sizes of every kind, none included.

    Nothing is tried where it needs an option that is not among `options`.
    """
    if not set(code.co_names) <= {*dims, *options, *FUNCTIONS}:
        return
    for size in _SIZES:
        try:
            result = evaluate(code, {**options, **dict.fromkeys(dims, size)})
        except Exception as error:
            raise DeclarationError(f"{where} fails where every dimension is {size} ({error})") from error
        if not isinstance(result, int):
            raise DeclarationError(
                f"{where} gives {shown(result)} where every dimension is {size}; expected an integer"
            )


def evaluate(code: CodeType, values: Mapping[str, Any]) -> Any:
    """What the expression is with these values of its names."""
    return eval(code, {}, values)
