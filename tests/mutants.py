"""Small changes of the package, each of which a test should notice."""

import ast
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "skillscale"
SHARES = {"theory": 30, "experiments": 30, "lab": 20, "fits": 8, "top": 12}
REDUCTIONS = {"sum", "mean", "std", "var", "max", "min", "prod", "any", "all", "cumsum", "argmax"}
TEXTS = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp, ast.Set)


class Mutant(NamedTuple):
    """Bytes `start` to `end` of the file at `path` become `new`."""

    path: str
    line: int
    column: int
    kind: str
    start: int
    end: int
    old: str
    new: str


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST, str]]:
    """Yield kind, the node to replace and the new source of every change at this node."""
    say = ast.unparse
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign", node, say(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            if not (_is_text(left) or _is_text(right)):
                sign = "-" if isinstance(op, ast.Add) else "+"
                yield "swap + -", node, f"({say(left)}) {sign} ({say(right)})"
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
            if not _is_text(value):
                sign = "-" if isinstance(op, ast.Add) else "+"
                yield "swap + -", node, f"{say(target)} {sign}= {say(value)}"
        case ast.Constant(value=float(value)) if value and math.isfinite(value):
            yield "constant", node, repr(1.03 * value)
        case ast.Constant(value=int(value)) if value >= 20:
            yield "constant", node, repr(round(1.03 * value))
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            if not (_is_text(left) or _is_text(right)):
                yield "factor", node, say(left)
                if isinstance(op, ast.Mult):
                    yield "factor", node, say(right)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE() as op]):
            sign = {"Lt": "<=", "LtE": "<", "Gt": ">=", "GtE": ">"}[type(op).__name__]
            yield "off by one", node, f"({say(left)}) {sign} ({say(node.comparators[0])})"
        case ast.Subscript(slice=place):
            for part in place.elts if isinstance(place, ast.Tuple) else [place]:
                bounds = [part.lower, part.upper] if isinstance(part, ast.Slice) else [part]
                for bound in bounds:
                    if bound and (isinstance(part, ast.Slice) or _whole(bound) is not None):
                        yield "off by one", bound, f"{say(bound)} + 1"
        case ast.Call(func=function, args=[*_, last]) if say(function) in ("range", "np.arange"):
            yield "off by one", last, f"{say(last)} + 1"
        case ast.Call(func=ast.Attribute(attr=name), args=[first, *_]) if name in REDUCTIONS:
            if _whole(first) is not None:
                yield "axis", first, "0" if _whole(first) else "-1"
        case ast.keyword(arg="axis" | "dim", value=value) if _whole(value) is not None:
            yield "axis", value, "0" if _whole(value) else "-1"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, TEXTS) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _whole(node: ast.AST) -> int | None:
    """Return the whole number written here, if it is one."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if type(value) is int else None


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """Return every mutant of one file."""
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    tree = ast.parse(source)
    # messages are texts: what they say is not the package's arithmetic
    texts = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.JoinedStr)
        for inner in ast.walk(outer)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in texts:
            continue
        for kind, place, new in _changes(node):
            start = starts[place.lineno - 1] + place.col_offset
            end = starts[place.end_lineno - 1] + place.end_col_offset
            if not isinstance(place, ast.stmt):
                new = f"({new})"
            old = " ".join(source[start:end].decode().split())
            found.append(Mutant(path, place.lineno, place.col_offset, kind, start, end, old, new))
    return found


def mutated(source: bytes, mutant: Mutant) -> bytes:
    """Return the source with this change."""
    return source[: mutant.start] + mutant.new.encode() + source[mutant.end :]


def drawn(root: Path, seed: int, number: int) -> list[Mutant]:
    """Return `number` mutants in random order, by the shares of the parts, kinds alike in each."""
    pools: dict[str, dict[str, list[Mutant]]] = {part: {} for part in SHARES}
    package = root / "src" / PACKAGE
    for file in sorted(package.rglob("*.py")):
        parts = [Path(part).stem for part in file.relative_to(package).parts]
        part = next((part for part in parts if part in SHARES), "top" if len(parts) == 1 else "")
        pool = pools.get(part)
        if pool is not None:
            for mutant in mutants_of(str(file.relative_to(root)), file.read_bytes()):
                pool.setdefault(mutant.kind, []).append(mutant)
    rng, chosen = random.Random(seed), []
    while len(chosen) < number and any(pools.values()):
        parts = [part for part in SHARES if pools[part]]
        pool = pools[rng.choices(parts, [SHARES[part] for part in parts])[0]]
        kind = rng.choice(sorted(pool))
        chosen.append(pool[kind].pop(rng.randrange(len(pool[kind]))))
        if not pool[kind]:
            del pool[kind]
    return chosen
