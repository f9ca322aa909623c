"""Small changes of a source file that a test should notice.

Of cosmic-ray 8.7 only the list of operators was of use: of its 3,366 mutants of `store`, `settings` and `scores`, 1,837
put another of ten operators between two operands (most of them a TypeError) and 176 are in annotations; it names a
mutant by its line, and knows no `return None`, no `min` for `max`, no dropped check.
"""

import ast
import copy
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
TWINS = (
    *(("min", "max"), ("minimum", "maximum"), ("argmin", "argmax"), ("any", "all"), ("floor", "ceil")),
    *(("zeros", "ones"), ("startswith", "endswith"), ("amin", "amax"), ("nanmin", "nanmax")),
)
TWIN = {**dict(TWINS), **{second: first for first, second in TWINS}}
SILENT = ("report", "print", "warn", "cast", "TypeVar", "get_logger", "set_default_logger_severity", "setLevel")
MESSAGES = ("Error", "Input", "Notice", "Warning")
PATHS = ("path", "folder", "root", "partial", "cache")  # `folder * name` is only a TypeError
MOST_COUNTED = 16
TYPES = ("dict", "list", "tuple", "set", "frozenset", "type", "int", "float", "str", "bool", "bytes")
NOT_WALKED = ("annotation", "returns", "decorator_list", "type_comment", "type_params", "ctx")


@dataclass(frozen=True)
class Mutant:
    """One change of one file. `identity` holds neither the file nor the line, so it outlives a move.

    Attributes:
        function: qualified name, or that of the class or `<module>` that it stands in.
        at_import: it is not run by a call, but when the module is imported.
        lines: first and last line of what is changed; statement: of the statement around it.
        span: first and last byte of what is changed.
        changed: what stands there instead.
    """

    file: str
    function: str
    operator: str
    identity: str
    at_import: bool
    lines: tuple[int, int]
    statement: tuple[int, int]
    span: tuple[int, int]
    changed: str

    def rank(self, seed: int) -> str:
        """Those of the lowest ranks are drawn: trees that share a function share its mutants."""
        return sha256(f"{seed} {self.identity}".encode()).hexdigest()

    def applied(self, source: str) -> str:
        """The source with the change in it."""
        raw = source.encode()
        return (raw[: self.span[0]] + self.changed.encode() + raw[self.span[1] :]).decode()

    def diff(self, source: str) -> str:
        """The lines that go and the lines that come."""
        lines = difflib.unified_diff(source.splitlines(), self.applied(source).splitlines(), n=0, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def candidates(file: str, source: str) -> list[Mutant]:
    """All mutants of a file."""
    walk = _Walk()
    walk.visit(ast.parse(source))
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    seen: Counter[str] = Counter()
    found = []
    for site in walk.found:
        name = (
            f"{site.function} | {site.operator} | {_header(site.statement)} | {_words(site.old)} → {_words(site.new)}"
        )
        seen[name] += 1
        old, around = site.old, site.statement
        assert old.end_lineno is not None
        assert old.end_col_offset is not None
        span = (starts[old.lineno - 1] + old.col_offset, starts[old.end_lineno - 1] + old.end_col_offset)
        last = old.end_lineno if _body(around) else around.end_lineno or around.lineno
        lines, statement = (old.lineno, old.end_lineno), (min(around.lineno, old.lineno), last)
        identity = f"{name} | {seen[name]}"
        changed = _text(site.new)
        found.append(
            Mutant(file, site.function, site.operator, identity, site.at_import, lines, statement, span, changed)
        )
    return found


Changed = ast.expr | ast.stmt | ast.Slice


@dataclass(frozen=True)
class _Site:
    function: str
    at_import: bool
    statement: ast.stmt
    operator: str
    old: Changed
    new: Changed


class _Walk(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[_Site] = []
        self._names: list[str] = []
        self._in_function = 0
        self._statement: ast.stmt = ast.Pass()

    def visit(self, node: ast.AST) -> None:
        if _left_alone(node):
            return
        outer = self._statement
        if isinstance(node, ast.stmt):
            self._statement = node
        for operator, old, new in _changes(node):
            function = ".".join(self._names) or "<module>"
            self.found.append(_Site(function, not self._in_function, self._statement, operator, old, new))
        if not isinstance(node, ast.Raise):
            self._walk(node)
        self._statement = outer

    def _walk(self, node: ast.AST) -> None:
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name, value in ast.iter_fields(node):
            parts = value if isinstance(value, list) else [value]
            inside = name == "body" and (is_function or isinstance(node, ast.ClassDef))
            if inside:
                self._names.append(node.name)  # type: ignore[attr-defined]
                self._in_function += is_function
            for part in parts if name not in NOT_WALKED else ():
                if isinstance(part, ast.AST):
                    self.visit(part)
            if inside:
                self._names.pop()
                self._in_function -= is_function


def _left_alone(node: ast.AST) -> bool:
    """Messages, types, and what only a type checker reads."""
    match node:
        case ast.JoinedStr() | ast.Assert() | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Name("TYPE_CHECKING")) | ast.keyword(arg="strict" | "stacklevel"):
            return True
        case ast.Expr(value=ast.Constant()):
            return True  # a docstring
        case ast.Call(func=func):
            name = _last_name(func)
            return name.lstrip("_") in SILENT or name.endswith(MESSAGES)
        case ast.Subscript(value=value) | ast.BinOp(left=value, op=ast.BitOr()):
            return _is_type(value)
        case ast.Expr(value=value):
            return _left_alone(value)
    return False


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_type(node: ast.expr) -> bool:
    """`NDArray` or `int`, but not `KNOWN`."""
    name = _last_name(node)
    capital = name[:1].isupper() and not (len(name) > 1 and name.isupper())
    return capital or name in TYPES or (isinstance(node, ast.Subscript) and _is_type(node.value))


def _changes(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    """Name of the operator, what is changed, and what comes instead."""
    for find in (_comparisons, _operators, _constants, _calls, _statements, _conditions):
        yield from find(node)


def _comparisons(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                changed = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                yield "comparison", node, ast.Compare(node.left, changed, node.comparators)


def _operators(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    match node:
        case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC:
            if not (_is_text(left) or _is_text(right) or (isinstance(operator, ast.Div) and _is_path(left))):
                yield "arithmetic", node, ast.BinOp(left, ARITHMETIC[type(operator)](), right)
        case ast.BinOp(left, ast.BitOr() | ast.BitAnd(), _):
            yield "right operand dropped", node, left
        case ast.AugAssign(target, operator, value) if type(operator) in ARITHMETIC and not _is_text(value):
            yield "arithmetic", node, ast.AugAssign(target, ARITHMETIC[type(operator)](), value)
        case ast.BoolOp(ast.And(), values):
            yield "and, or", node, ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            yield "and, or", node, ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.Invert(), operand):
            yield "not dropped", node, operand
        case ast.UnaryOp(ast.USub(), operand):
            yield "sign", node, operand


def _constants(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    match node:
        case ast.Constant(bool() as value):
            yield "constant", node, ast.Constant(not value)
        case ast.Constant(int() as value):
            # A size or a limit that was measured does not change much with one more: twice as much, and half.
            near = (value * 2, value // 2) if value > MOST_COUNTED else (value + 1, value - 1)
            for number in near if value else (1,):
                yield "constant", node, ast.Constant(number)
        case ast.Constant(float() as value):
            for share in (value * 2, value / 2) if value else (1.0,):
                yield "constant", node, ast.Constant(share)


def _calls(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    if isinstance(node, ast.Call) and _last_name(node.func) in TWIN:
        func = copy.deepcopy(node.func)
        if isinstance(func, ast.Name):
            func.id = TWIN[func.id]
        elif isinstance(func, ast.Attribute):
            func.attr = TWIN[func.attr]
        yield "twin", node, ast.Call(func, node.args, node.keywords)
    if isinstance(node, ast.Slice) and node.lower:
        yield "slice", node, ast.Slice(None, node.upper, node.step)
    if isinstance(node, ast.Slice) and node.upper:
        yield "slice", node, ast.Slice(node.lower, None, node.step)


def _statements(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    match node:
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "return None", node, ast.Return(ast.Constant(None))
        case ast.Break():
            yield "loop", node, ast.Continue()
        case ast.Continue():
            yield "loop", node, ast.Break()
        case ast.Raise(ast.expr() as error) if "NotImplementedError" not in ast.unparse(error):
            yield "raise dropped", node, ast.Pass()
        case ast.Expr(ast.Call()):
            yield "call dropped", node, ast.Pass()


def _conditions(node: ast.AST) -> Iterator[tuple[str, Changed, Changed]]:
    tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else getattr(node, "ifs", [])
    for test in tests:
        if not _is_compared(test):
            yield "condition", test, ast.UnaryOp(ast.Not(), test)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _is_path(node: ast.expr) -> bool:
    return _last_name(node).endswith(PATHS)


def _is_compared(node: ast.expr) -> bool:
    """Its negation is a mutant already, or it is a constant."""
    compared = isinstance(node, ast.Compare) and len(node.ops) == 1
    return (
        compared or isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    )


def _text(node: Changed) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare | ast.UnaryOp | ast.IfExp) else text


def _body(node: ast.stmt) -> bool:
    return isinstance(getattr(node, "body", None), list) or isinstance(node, ast.Match)


def _header(node: ast.stmt) -> str:
    """A statement without the statements in it, and without its words."""
    header = copy.copy(node)
    for part in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
        if isinstance(getattr(header, part, None), list):
            setattr(header, part, [])
    return _words(header)


def _words(node: Changed) -> str:
    return ast.unparse(_WithoutWords().visit(copy.deepcopy(node)))


class _WithoutWords(ast.NodeTransformer):
    """A message that is put better does not make another mutant."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant("…") if isinstance(node.value, str | bytes) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return ast.Constant("…")
