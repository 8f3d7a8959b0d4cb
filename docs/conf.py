"""Sphinx configuration."""

from importlib.metadata import version as _version

project = "Confluence Sync"
release = version = _version("confluence-sync-engine")
copyright = "the Confluence Sync maintainers"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "Confluence Sync"
html_static_path = ["_static"]
html_css_files = ["cards.css"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True, "undoc-members": False}
napoleon_google_docstring = True
napoleon_use_ivar = True
suppress_warnings = ["ref.python", "misc.highlighting_failure"]  # the second: bodies that are broken, as examples
default_role = "code"


def _fences(_app: object, _what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Docstrings are Markdown where it matters: a fence becomes a code block."""
    inside = False
    for number, line in enumerate(lines):
        mark = line.strip()
        if mark.startswith("```"):
            inside = not inside
            indent = line[: len(line) - len(line.lstrip())]
            lines[number] = f"{indent}.. code-block:: {mark[3:] or 'text'}\n" if inside else ""
        elif inside:
            lines[number] = f"    {line}"
    lines[:] = "\n".join(lines).split("\n")


def setup(app: object) -> None:
    """Register the hook, before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", _fences, priority=400)  # type: ignore[attr-defined]
