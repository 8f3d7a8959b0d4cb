"""What becomes of each macro, by its name."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from ..models import AttachmentLink, PageLink
from ._anchors import slug
from ._escape import code_span, squeeze
from ._flow import LineFlow
from ._macro import Macro, MacroHandler
from ._references import Reference, UrlLink, UserLink

__all__ = ["MACROS", "content", "is_hidden", "unknown"]

_LANGUAGES = {
    "actionscript3": "actionscript",
    "c#": "csharp",
    "c++": "cpp",
    "cf": "coldfusion",
    "html/xml": "xml",
    "javafx": "java",
    "none": "",
    "plain": "",
    "plain text": "",
    "text": "",
}
"""Names of Confluence's code macro that highlighters of Markdown do not know; `py`, `js` and the like they do."""

_MAX_SOURCE = 1_000_000
"""Characters of a compressed diagram that are read."""

_ALERTS = {
    "info": "NOTE",
    "tip": "TIP",
    "success": "TIP",
    "note": "WARNING",
    "warning": "CAUTION",
    "error": "CAUTION",
    "panel": "NOTE",
    "custom-panel": "NOTE",
    "decision": "IMPORTANT",
}
"""By colour: the editor stores a yellow panel as `note`, a red one as `warning`, a green one as `tip`."""


def code(macro: Macro) -> None:
    """`code`: a fence with its language, below the title."""
    macro.write_title(macro.parameter("title"))
    language = macro.parameter("language", "").strip().lower()
    macro.write_code(macro.text, _LANGUAGES.get(language, language))


def noformat(macro: Macro) -> None:
    """`noformat`: a fence."""
    macro.write_title(macro.parameter("title"))
    macro.write_code(macro.text)


def markdown(macro: Macro) -> None:
    """`markdown`: the text is Markdown already; raw HTML in it stays text."""
    macro.write_block(re.sub(r"<(?=[A-Za-z/!?])", "&lt;", macro.text).strip())


def fenced_as(language: str) -> MacroHandler:
    """A fence of a language of its own: `html`, `mermaid`, `plantuml`."""

    def handler(macro: Macro) -> None:
        if macro.text.strip() or macro.body is None:
            _text_or_nothing(macro, language)
        else:
            macro.write_body()

    return handler


def panel(macro: Macro) -> None:
    """`info`, `note`, `tip`, `warning`, `panel`...: an alert."""
    macro.write_panel(_ALERTS[macro.name], macro.parameter("title"))


def expand(macro: Macro) -> None:
    """`expand`: its title in bold, then the content."""
    macro.write_title(macro.parameter("title", ""))
    macro.write_body()


def content(macro: Macro) -> None:
    """`excerpt`, `section`, `column`...: the content, unless it is hidden."""
    if is_hidden(macro):
        macro.drop_body()
    else:
        macro.write_body()


def is_hidden(macro: Macro) -> bool:
    """Tell whether the page shows nothing of a macro (`excerpt`, `details`)."""
    return macro.parameter("hidden").lower() == "true"


def unknown(macro: Macro) -> None:
    """Any other macro: its body, as text or fenced, and a warning."""
    macro.warn("unknown_macro")
    macro.write_body()
    if macro.text.strip():
        macro.write_code(macro.text)


def dynamic(macro: Macro) -> None:
    """Macros that Confluence computes when it shows the page: left out, with a warning."""
    macro.warn("dynamic_macro")


def children(macro: Macro) -> None:
    """`children`, `pagetree`: links to the child pages, if they are known."""
    known = macro.children()
    if known is None:
        dynamic(macro)
    else:
        macro.write_list_of_links(known)


def include(macro: Macro) -> None:
    """`include`, `excerpt-include`: a link to the included page, and a warning."""
    macro.warn("included_page")
    page: Reference = _reference(macro, PageLink) or PageLink(title=macro.parameter("", "page", "default-parameter"))
    if page != PageLink(title=""):
        macro.end_paragraph()
        macro.write_reference(page)
        macro.end_paragraph()


def drop(macro: Macro) -> None:
    """Macros without anything to read."""
    macro.drop_body()


def status(macro: Macro) -> None:
    """`status`: its title in bold."""
    macro.write_strong(macro.parameter("title"))


def anchor(macro: Macro) -> None:
    """`anchor`: a place for links. A heading is one by itself, and needs another only for links of its own page."""
    name = macro.parameter("", "anchor", "name", "anchorname")
    if slug(name) and (name in macro.context.wanted_anchors or not isinstance(macro.context.flow, LineFlow)):
        macro.write_inline(f'<a id="{slug(name)}"></a>')


def math_block(macro: Macro) -> None:
    """`mathblock`, `eazy-math-block`...: `$$`."""
    formula = _formula(macro)
    if formula:
        macro.write_block(f"$$\n{formula}\n$$")


def math_inline(macro: Macro) -> None:
    """`mathinline`, `eazy-math-inline`...: `$`."""
    formula = _formula(macro)
    if formula:
        macro.write_inline(f"${' '.join(formula.split())}$")


def diagram(macro: Macro) -> None:
    """`drawio`, `gliffy`, `lucidchart`: the preview that is attached to the page, or its name."""
    name = macro.parameter("diagramName", "name", "filename", "displayName", "diagramDisplayName", "title")
    macro.warn("diagram")
    if name:
        filename = name if re.search(r"\.(?:png|svg|jpe?g|gif)$", name) else f"{name}.png"
        macro.end_paragraph()
        macro.write_image(AttachmentLink(filename), name)
        macro.end_paragraph()


def plantuml_cloud(macro: Macro) -> None:
    """`plantumlcloud`: the source is a parameter, deflated, with its percent signs escaped, in base64."""
    data = macro.parameter("data")
    source = macro.text or (_inflate(data) if macro.parameter("compressed") == "true" else data)
    if source.strip():
        macro.write_code(source, "plantuml")
    else:
        diagram(macro)


def link_to(*parameters: str) -> MacroHandler:
    """A link to an address among the parameters: `iframe`, `widget`."""

    def handler(macro: Macro) -> None:
        linked = _reference(macro, UrlLink)
        url = linked.url if isinstance(linked, UrlLink) else macro.parameter(*parameters)
        if url:
            macro.write_link(macro.parameter("title", "name") or url, url)
        else:
            dynamic(macro)

    return handler


def attachment(macro: Macro) -> None:
    """`view-file`, `viewpdf`, `multimedia`: a link to the attachment."""
    linked = _reference(macro, AttachmentLink)
    name = macro.parameter("name", "file", "filename", "")
    if linked or name:
        macro.write_reference(linked or AttachmentLink(name))
    else:
        dynamic(macro)


def profile(macro: Macro) -> None:
    """`profile`: a mention of the user."""
    user = _reference(macro, UserLink)
    if user:
        macro.write_reference(user)
    elif name := macro.parameter("user", "username"):
        macro.write_text(f"@{name}")


def jira(macro: Macro) -> None:
    """`jira`: a link to the issue, or the query as code."""
    key = macro.parameter("key", "issueKey")
    if key:
        macro.write_link(key, macro.address("").removesuffix("/wiki") + f"/browse/{key}" if macro.address("") else "")
        return
    macro.warn("dynamic_macro")
    query = macro.parameter("jqlQuery", "jql")
    if query:
        macro.write_inline(code_span(squeeze(query)))


def _text_or_nothing(macro: Macro, language: str) -> None:
    if macro.text.strip():
        macro.write_title(macro.parameter("title"))
        macro.write_code(macro.text, language)
    else:
        macro.warn("diagram" if language else "unknown_macro")


def _reference(macro: Macro, kind: type[Reference]) -> Reference | None:
    return next((reference for reference in macro.references if isinstance(reference, kind)), None)


def _inflate(data: str) -> str:
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        return unquote(inflater.decompress(base64.b64decode(data), _MAX_SOURCE).decode())
    except (ValueError, zlib.error):
        return ""


def _formula(macro: Macro) -> str:
    """Return a formula; a space after `<` keeps it from looking like a tag, and no empty line ends its paragraph."""
    formula = macro.text or macro.parameter("body", "equation", "formula", "latex", "")
    return "\n".join(re.sub(r"<(?=[A-Za-z/!?])", "< ", line).rstrip() for line in formula.split("\n") if line.strip())


MACROS: Mapping[str, MacroHandler] = MappingProxyType(
    {
        # Code and other literal text
        "code": code,
        "code-block": code,
        "noformat": noformat,
        "markdown": markdown,
        "html": fenced_as("html"),
        "html-bobswift": fenced_as("html"),
        "html-macro": fenced_as("html"),
        "mermaid": fenced_as("mermaid"),
        "mermaid-cloud": fenced_as("mermaid"),
        "mermaid-macro": fenced_as("mermaid"),
        "plantuml": fenced_as("plantuml"),
        "plantumlrender": fenced_as("plantuml"),
        # Panels
        "info": panel,
        "tip": panel,
        "success": panel,
        "note": panel,
        "warning": panel,
        "error": panel,
        "panel": panel,
        "custom-panel": panel,
        "decision": panel,
        # Content in a frame that Markdown does not have
        "expand": expand,
        "ui-expand": expand,
        "ui-tab": expand,
        "tab-pane": expand,
        "horizontal-nav-item": expand,
        "excerpt": content,
        "details": content,
        "section": content,
        "column": content,
        "div": content,
        "span": content,
        "align": content,
        "center": content,
        "tabs-group": content,
        "ui-tabs": content,
        "horizontal-nav-group": content,
        # In the sentence
        "status": status,
        "anchor": anchor,
        "profile": profile,
        "profile-picture": profile,
        "jira": jira,
        "jiraissues": jira,
        # Mathematics
        "mathblock": math_block,
        "mathinline": math_inline,
        "math": math_block,
        "latex": math_block,
        "easy-math-block": math_block,
        "eazy-math-block": math_block,
        "easy-math-inline": math_inline,
        "eazy-math-inline": math_inline,
        # Diagrams
        "drawio": diagram,
        "drawio-sketch": diagram,
        "inc-drawio": diagram,
        "gliffy": diagram,
        "lucidchart": diagram,
        "plantumlcloud": plantuml_cloud,
        # Things elsewhere
        "iframe": link_to("src", "url"),
        "widget": link_to("url"),
        "gdrive": link_to("url"),
        "google-drive-docs": link_to("url"),
        "lref-gdrive-file": link_to("url"),
        "view-file": attachment,
        "viewdoc": attachment,
        "viewpdf": attachment,
        "viewppt": attachment,
        "viewxls": attachment,
        "multimedia": attachment,
        "include": include,
        "excerpt-include": include,
        # Computed when the page is shown
        "children": children,
        "pagetree": children,
        "toc": dynamic,
        "toc-zone": dynamic,
        "attachments": dynamic,
        "blog-posts": dynamic,
        "content-report-table": dynamic,
        "contentbylabel": dynamic,
        "content-by-label": dynamic,
        "contributors": dynamic,
        "contributors-summary": dynamic,
        "create-from-template": dynamic,
        "detailssummary": dynamic,
        "gallery": dynamic,
        "index": dynamic,
        "labels-list": dynamic,
        "listlabels": dynamic,
        "livesearch": dynamic,
        "page-properties-report": dynamic,
        "pagetreesearch": dynamic,
        "popular-labels": dynamic,
        "recently-updated": dynamic,
        "recently-updated-dashboard": dynamic,
        "related-labels": dynamic,
        "roadmap": dynamic,
        "search": dynamic,
        "space-attachments": dynamic,
        "spaces": dynamic,
        "task-report": dynamic,
        "tasks-report-macro": dynamic,
        "userlister": dynamic,
        # Nothing to read
        "style": drop,
        "css": drop,
        "script": drop,
        "javascript": drop,
    }
)
"""The rule for each macro. A host adds its own, or replaces one of these, by `ConvertOptions(macros={name: rule})`."""
