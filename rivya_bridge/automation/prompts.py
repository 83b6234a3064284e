"""Prompt templates: a small, closed part of Jinja2 over scalar values.

What may stand in a prompt: ``{{ variable }}``, ``if``/``elif``/``else``, comparisons with and/or/not,
and a few filters and tests. No loops, no calls, no attributes, no access to anything else: the tree is
checked node by node before it is ever compiled. A missing variable is an error, never empty text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import clean_text

SOURCE_LENGTH = 20_000
RENDERED_LENGTH = 20_000
MAX_DEPTH = 40

FILTERS = frozenset({"default", "upper", "lower", "trim", "title", "capitalize", "length"})
TESTS = frozenset({"defined", "undefined", "none", "equalto"})
NODES = frozenset(
    {
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If,
        nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter,
        nodes.Test,
    }
)  # fmt: skip
# Words that Jinja2 itself gives a meaning.
RESERVED = frozenset(
    [
        "and",
        "caller",
        "else",
        "elif",
        "endif",
        "false",
        "if",
        "in",
        "is",
        "kwargs",
        "loop",
        "none",
        "not",
        "or",
        "self",
        "super",
        "true",
        "varargs",
    ]
)
VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _shown(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


_ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=False,
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    finalize=_shown,
    cache_size=0,
)
_ENVIRONMENT.globals.clear()

# What the parser, the compiler and Python's own compiler raise for texts beyond them.
_TOO_DEEP = (RecursionError, MemoryError, SyntaxError, OverflowError)


def is_variable_name(name: object) -> bool:
    """Lower-case ASCII letters, digits and underscores, at most 40, and no word of Jinja2's own."""
    return isinstance(name, str) and bool(VARIABLE.fullmatch(name)) and name not in RESERVED


def escape_prompt(text: str) -> str:
    """Template source that renders to `text` itself, whatever braces it has.

    The one change: line ends become ``\\n``.
    """
    plain = (clean_text(text) or "").replace("\r", "\n")
    return re.sub(r"\{[{%#]|\{$", lambda found: '{{ "' + found[0] + '" }}', plain)


def check_prompt(source: str, declared: Set[str]) -> list[Problem]:
    """Everything that keeps `source` from being a template over exactly the `declared` variables."""
    try:
        tree = _parse(source)
        _compile(source)
    except Refusal as refusal:
        return list(refusal.problems)
    used = _names(tree)
    return [*_undeclared(used, declared), *_unused(used, declared)]


def variables_in(source: str) -> list[str]:
    """The variables of a prompt in the order of their first use. Raises Refusal."""
    return list(_names(_parse(source)))


def render_prompt(source: str, values: Mapping[str, Any]) -> str:
    """The finished prompt, at most 20,000 characters. `values` are scalars.

    Raises Refusal naming the variable that is missing, or what the values did not allow.
    """
    return prompt_renderer(source)(values)


def prompt_renderer(source: str) -> Callable[[Mapping[str, Any]], str]:
    """`render_prompt` with its source read once, for many values. Raises Refusal for the source."""
    _parse(source)
    template = _compile(source)
    return lambda values: _rendered(template, values)


def _rendered(template: Template, values: Mapping[str, Any]) -> str:
    _check_scalars(values)
    try:
        return _joined(template.generate(dict(values)))
    except TemplateError as error:
        raise Refusal.field(
            "prompt", f"The prompt cannot be filled in: {error.message}. Give that input."
        ) from error
    except (TypeError, ValueError) as error:
        raise Refusal.field(
            "prompt",
            f"The prompt cannot be filled in with these values: {error}. Compare like with like.",
        ) from error
    except _TOO_DEEP as error:
        raise _too_deep() from error


def _check_scalars(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is not None and type(value) not in (str, int, float, bool):
            raise Refusal.field(name, f"{name} must be a text, a number, or true or false.")


def _joined(pieces: Iterator[str]) -> str:
    """Stops at the first piece above the limit, so that no prompt fills the memory."""
    kept, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > RENDERED_LENGTH:
            raise Refusal.field(
                "prompt",
                f"The filled-in prompt is longer than {RENDERED_LENGTH} characters: shorten the inputs.",
                RENDERED_LENGTH,
            )
        kept.append(piece)
    return "".join(kept)


def _parse(source: str) -> nodes.Template:
    """The checked tree. Raises Refusal for every construct that is not on the list."""
    if clean_text(source) is None:
        raise Refusal.field("prompt", "prompt must be text without NUL characters.", SOURCE_LENGTH)
    if len(source) > SOURCE_LENGTH:
        text = f"prompt has {len(source)} characters; the limit is {SOURCE_LENGTH}."
        raise Refusal.field("prompt", text, SOURCE_LENGTH)
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise _unreadable(error) from error
    except _TOO_DEEP as error:
        raise _too_deep() from error
    problems = [problem for node, depth in _walk(tree) if (problem := _judge(node, depth))]
    if problems:
        raise Refusal.of(problems[:10])
    return tree


def _compile(source: str) -> Template:
    try:
        return _ENVIRONMENT.from_string(source)
    except TemplateSyntaxError as error:
        raise _unreadable(error) from error
    except _TOO_DEEP as error:
        raise _too_deep() from error


def _unreadable(error: TemplateSyntaxError) -> Refusal:
    return Refusal.field(
        "prompt",
        f"prompt, line {error.lineno}, cannot be read as a template ({error.message}). Write a "
        "variable as {{ a_name }}: lower-case letters, digits and underscores, both braces closed.",
    )


def _too_deep() -> Refusal:
    return Refusal.field(
        "prompt", f"prompt nests deeper than {MAX_DEPTH} levels: make it flatter.", MAX_DEPTH
    )


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its depth, in source order, without recursion."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if depth <= MAX_DEPTH:
            children = list(node.iter_child_nodes())
            waiting.extend((child, depth + 1) for child in reversed(children))


def _judge(node: nodes.Node, depth: int) -> Problem | None:
    if depth > MAX_DEPTH:
        return _too_deep().problems[0]
    where = f"prompt, line {node.lineno}: "
    if type(node) not in NODES:
        word = type(node).__name__.lower()
        return Problem("prompt", f"{where}{word!r} is not possible in a prompt.")
    if isinstance(node, nodes.Name) and node.name in RESERVED:
        return Problem("prompt", f"{where}{node.name!r} is a reserved word: rename the variable.")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return _unknown_word(where, "filter", node.name, FILTERS)
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return _unknown_word(where, "test", node.name, TESTS)
    return None


def _unknown_word(where: str, what: str, name: str, known: frozenset[str]) -> Problem:
    return Problem("prompt", f"{where}{name!r} is no {what} here: use {', '.join(sorted(known))}.")


def _names(tree: nodes.Template) -> dict[str, int]:
    """Variable -> line of its first use."""
    found: dict[str, int] = {}
    for node, _ in _walk(tree):
        if isinstance(node, nodes.Name):
            found.setdefault(node.name, node.lineno)
    return found


def _undeclared(used: Mapping[str, int], declared: Set[str]) -> list[Problem]:
    return [
        Problem(
            "prompt",
            f"prompt, line {line}: the variable {name!r} is not declared. Declare it, or correct it.",
        )
        for name, line in used.items()
        if name not in declared
    ]


def _unused(used: Mapping[str, int], declared: Set[str]) -> list[Problem]:
    return [
        Problem(
            "variables",
            f"The variable {name!r} is declared but the prompt does not use it: use it or remove it.",
        )
        for name in sorted(declared)
        if name not in used
    ]
