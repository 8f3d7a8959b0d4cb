"""The README says what is: its commands, its example, its links."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.+?)\n```", README, re.DOTALL)
    assert found, f"the README has no {name} command"
    return found[1]


def test_commands_are_one_line_and_bring_what_they_need():
    """A fresh clone needs nothing but Python for both commands."""
    for name in ("demo", "tests"):
        line = command(name)
        assert "\n" not in line
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
        assert " -e ." in line.replace("'", "")
    assert command("demo").endswith("examples/01_first_sync.py")


def test_ci_takes_its_command_from_the_readme():
    """CI runs the README's test command and no other."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "pytest" not in script


def test_example_uses_names_that_exist():
    """Each import of the README's example works."""
    (example,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    compile(example, "README.md", "exec")
    imports = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), "README.md", "exec"), {})


def test_links_lead_somewhere():
    """Every relative link of the top-level documents is a file or folder."""
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{name}: {target}"
