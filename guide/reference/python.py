"""The page of the Python package, on standard output: every public name with its signature and what it says of itself.

Read from the sources, which nothing has to be built for.
"""

import ast
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "bindings/python/python/protector"
ROLE = re.compile(r":\w+:`~?([^`]+)`")
SECTIONS = re.compile(r"^(Args|Raises|Returns|Yields):$", re.MULTILINE)
HEAD = """\
# The Python package `protector`

Every public name. Answers are the documents that the `protector` command gives with `--output json`, which have [JSON schemas](../docs/schemas.md). What waits has a twin for
asyncio, whose name ends in `_async`; it takes and gives the same, and is not shown here.
"""


def main():
    """Prints the page; what has no documentation is named, and ends it with 1."""
    missing = []
    print(HEAD)
    modules = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.glob("*.py*"))}
    for module in ("__init__", "mock", "errors", "driver", "testing", "documents"):
        heading = "protector" if module == "__init__" else f"protector.{module}"
        print(f"## `{heading}`\n")
        tree = modules[module]
        print(said(heading, tree, missing))
        for name in public(tree):
            place = found(modules, module, name)
            if isinstance(place, ast.Assign):
                print(f"### `{heading}.{name}`\n\n`{ast.unparse(place.value)}`\n\n{markdown(told_after(tree, place))}\n")
            elif place is not None:
                print(section(modules, f"{heading}.{name}", place, missing))
            elif name not in modules and not hidden(name):
                missing.append(f"{heading}.{name}")
    if missing:
        sys.exit("these have no documentation:\n" + "\n".join(missing))


def public(tree):
    """The names that a module gives away: those of `__all__`, else all without an underscore that it defines."""
    for one in tree.body:
        if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == "__all__":
            return ast.literal_eval(one.value)
    return [one.name for one in tree.body if isinstance(one, ast.ClassDef | ast.FunctionDef) and not hidden(one.name)]


def hidden(name):
    """Whether nobody is to use it."""
    return name.startswith("_")


def found(modules, module, name):
    """The class, function or alias of that name, where the module has it from; nothing for modules and constants."""
    tree = modules[module]
    for one in tree.body:
        if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == name:
            return one
        if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == name and told_after(tree, one):
            return one
    for one in statements(tree):
        if isinstance(one, ast.ImportFrom) and one.module:
            for alias in one.names:
                if (alias.asname or alias.name) == name:
                    return found(modules, one.module, alias.name)
    return None


def told_after(tree, one):
    """What stands after an assignment to say what it is."""
    after = next((after for before, after in zip(tree.body, tree.body[1:], strict=False) if before is one), None)
    return after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""


def statements(tree):
    """Those of a module, with those that only type checkers see: what is imported when it is asked for."""
    for one in tree.body:
        yield from one.body if isinstance(one, ast.If) else [one]


def section(modules, name, one, missing):
    """A function, or a class with what can be done with it."""
    if isinstance(one, ast.FunctionDef):
        return f"### `{name}`\n\n{signature(name, one)}\n\n{said(name, one, missing)}"
    parts = [f"### `{name}`", "", said(name, one, missing)]
    attributes = zip(one.body, [*one.body[1:], None], strict=True)
    for attribute, after in attributes:
        if isinstance(attribute, ast.AnnAssign) and not hidden(attribute.target.id):
            told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            if not told and not is_document(one):
                missing.append(f"{name}.{attribute.target.id}")
            kind = f" (`{ast.unparse(attribute.annotation)}`)" if is_document(one) else ""
            parts.append(f"* `{attribute.target.id}`{kind}" + (f": {markdown(told)}" if told else ""))
    for method in methods(modules, one):
        whole = f"{name}.{method.name}"
        parts += [f"\n#### `{whole}`\n", signature(method.name, method), "", said(whole, method, missing)]
    return "\n".join(parts)


def is_document(one):
    """Whether it is a form of an answer: its fields say by their names and types what they are."""
    return not any(isinstance(method, ast.FunctionDef) for method in one.body) and "Error" not in one.name


def methods(modules, one):
    """Those that a class has, its own and those of the classes of ours that it is made of; not the twins for asyncio."""
    own = [method for method in one.body if isinstance(method, ast.FunctionDef) and not hidden(method.name)]
    bases = [base.id for base in one.bases if isinstance(base, ast.Name)]
    known = {cls.name: cls for tree in modules.values() for cls in tree.body if isinstance(cls, ast.ClassDef)}
    inherited = [method for base in bases if base in known for method in methods(modules, known[base])]
    # What is said of a method once is not said of what stands in for it.
    told = {method.name for method in inherited if ast.get_docstring(method)}
    own = [method for method in own if ast.get_docstring(method) or method.name not in told]
    names = {method.name for method in own}
    return own + [method for method in inherited if method.name not in names]


def signature(name, function):
    """How it is called."""
    if any(isinstance(one, ast.Name) and one.id == "property" for one in function.decorator_list):
        return f"```text\n{name}: {ast.unparse(function.returns)}\n```"
    arguments = ast.unparse(function.args).removeprefix("self, ").removeprefix("self")
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    call = f"{name}({arguments}){returns}"
    if len(call) > 110:
        # One argument a line, as a person would write it; commas within brackets are none between arguments.
        call = f"{name}(\n    " + re.sub(r", (?=\*|\w+(: | = |$))(?![^\[]*\])", ",\n    ", arguments) + f",\n){returns}"
    return f"```python\n{call}\n```"


def said(name, one, missing):
    """What it says of itself, as Markdown."""
    told = ast.get_docstring(one)
    if not told:
        missing.append(name)
    return markdown(told or "") + "\n"


def markdown(told):
    """A docstring: roles and double backticks are code, its sections are lists, its examples are blocks."""
    told = ROLE.sub(lambda role: f"`{role[1].removeprefix('protector.').removeprefix('errors.')}`", told).replace("``", "`")
    lines, section, example = [], False, False
    for line in told.splitlines():
        begins = line.lstrip().startswith(">>> ")
        if begins and not example:
            lines += ["", "```python"]
        elif example and not line.strip():
            lines.append("```")
        example = begins or (example and bool(line.strip()))
        if SECTIONS.match(line):
            section = True
            lines += [f"**{line.rstrip(':')}**", ""]
        elif section and re.match(r"    \S", line):
            name, _, rest = line.strip().partition(":")
            lines.append(f"* `{name}`:{rest}")
        elif section and line.startswith("        "):
            lines.append(f"  {line.strip()}")
        else:
            section = section and not line.strip()
            lines.append(line)
    return "\n".join([*lines, "```"] if example else lines)


if __name__ == "__main__":
    main()
