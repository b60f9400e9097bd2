"""The page of the Ansible collection, on standard output: the modules' and the inventory's own documentation."""

import ast
import re
import sys
from pathlib import Path

import yaml

COLLECTION = Path(__file__).parents[2] / "bindings/ansible"
FRAGMENTS = "protector.site_recovery.protector"
# Ansible's markup: an option, a value, a returned value, an environment variable, code, a module, a link, bold, italics.
MARKUP = re.compile(r"\b(?:O|V|RV|E|C|M|P|B|I)\(([^)]*)\)")
HEAD = """\
# The Ansible collection `protector.site_recovery`

What `ansible-doc` says of each module and of the inventory. What fails has `code`, `hint`, `findings` and `exit_code` as all faces
have them. What each module returns has [a JSON schema](../docs/schemas.md).
"""


def main():
    """Prints the page; what has no documentation is named, and ends it with 1."""
    missing = []
    print(HEAD)
    fragments = constants_of_class(COLLECTION / "plugins/doc_fragments/protector.py")
    plugins = [*sorted((COLLECTION / "plugins/modules").glob("*.py")), *sorted((COLLECTION / "plugins/inventory").glob("*.py"))]
    for path in plugins:
        print(section(path, fragments, missing))
    if missing:
        sys.exit("these have no documentation:\n" + "\n".join(missing))


def constants(body):
    """The texts that are given to names, read as YAML: nothing is imported."""
    given = [one for one in body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)]
    return {one.targets[0].id: yaml.safe_load(one.value.value) for one in given}


def constants_of_class(path):
    """Those of the only class of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return constants(next(one.body for one in tree.body if isinstance(one, ast.ClassDef)))


def section(path, fragments, missing):
    """One module: what it does, its options, examples, what it returns."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    examples = [
        one.value.value for one in tree.body if isinstance(one, ast.Assign) and one.targets[0].id == "EXAMPLES"
    ]
    documented = constants(tree.body)
    about, returned = documented.get("DOCUMENTATION"), documented.get("RETURN")
    if not about or not examples or (returned is None and path.parent.name == "modules"):
        missing.append(f"{path.name}: DOCUMENTATION, EXAMPLES or RETURN")
        return ""
    options = dict(about.get("options") or {})
    for fragment in about.get("extends_documentation_fragment") or []:
        if fragment.startswith(FRAGMENTS):
            name = fragment.removeprefix(FRAGMENTS).removeprefix(".").upper() or "DOCUMENTATION"
            options |= fragments[name].get("options") or {}
    lines = [f"## `{path.stem}`", "", f"{about['short_description']}.", ""]
    lines += [f"* {text(one)}" for one in many(about.get("description"))]
    lines += ["", "| option | | |", "|---|---|---|", *rows(path, options, "", missing)]
    lines += ["", "```yaml", examples[0].strip(), "```", ""]
    if returned:
        lines += ["| returned | | |", "|---|---|---|", *rows(path, returned, "", missing), ""]
    return "\n".join(lines)


def rows(path, options, parent, missing):
    """A line for each option or returned value, and for those within it."""
    for name, one in options.items():
        whole = parent + name
        if not one.get("description"):
            missing.append(f"{path.name}: {whole}")
        yield f"| `{whole}` | {kind(one)} | {text(' '.join(many(one.get('description'))))} |"
        inside = one.get("suboptions") or one.get("contains") or {}
        yield from rows(path, inside, f"{whole}.", missing)


def kind(one):
    """Its type, whether it is needed, what it can be, and what it is without."""
    said = [one.get("type", "str") + (f" of {one['elements']}" if "elements" in one else "")]
    if one.get("required"):
        said.append("required")
    if "choices" in one:
        said.append("one of " + ", ".join(f"`{choice}`" for choice in one["choices"]))
    if "default" in one:
        said.append(f"default `{str(one['default']).lower()}`")
    if "returned" in one and one["returned"] != "success":
        said.append(f"returned: {one['returned']}")
    return text("; ".join(said))


def many(description):
    """A description's sentences: Ansible takes one or several."""
    return [description] if isinstance(description, str) else list(description or [])


def text(said):
    """Ansible's markup as Markdown, fit for a table."""
    return MARKUP.sub(r"`\1`", said).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
