"""What becomes of macros: a function for each kind; `_macros` tells which macro has which."""

from __future__ import annotations

import base64
import re
import zlib
from urllib.parse import unquote

from ..models import AttachmentLink, PageId, PageLink
from ._authored import clean_markdown
from ._escape import begins_block, code_span, squeeze
from ._macro import Excerpt, Macro, MacroHandler
from ._references import Reference, UrlLink, UserLink
from ._tokens import clean_text

__all__ = [
    "ALERTS",
    "anchor",
    "attachment",
    "children",
    "code",
    "content",
    "date",
    "diagram",
    "drop",
    "dynamic",
    "excerpt_of",
    "expand",
    "fenced_as",
    "include",
    "is_hidden",
    "jira",
    "link_to",
    "markdown",
    "math_block",
    "math_inline",
    "noformat",
    "panel",
    "plantuml_cloud",
    "profile",
    "sign",
    "status",
    "unknown",
]

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

_MAX_RATIO = 30
"""Characters that may become of each one of a compressed diagram; real ones have about four."""

ALERTS = {
    "info": "NOTE",
    "tip": "TIP",
    "success": "TIP",
    "note": "WARNING",
    "warning": "CAUTION",
    "error": "CAUTION",
    "panel": "NOTE",
    "panelbox": "NOTE",
    "aura-panel": "NOTE",
    "custom-panel": "NOTE",
    "decision": "IMPORTANT",
}
"""By colour: the editor stores a yellow panel as `note`, a red one as `warning`, a green one as `tip`."""


def code(macro: Macro) -> None:
    """`code`: a fence with its language, below the title."""
    macro.write_title(macro.parameter("title"))
    language = macro.parameter("language", "").strip().lower()
    if macro.text.strip():
        macro.write_code(macro.text, _LANGUAGES.get(language, language))


def noformat(macro: Macro) -> None:
    """`noformat`: a fence."""
    macro.write_title(macro.parameter("title"))
    if macro.text.strip():
        macro.write_code(macro.text)


def markdown(macro: Macro) -> None:
    """`markdown`: the text is Markdown already; raw HTML in it stays text."""
    macro.write_block(clean_markdown(macro.text))


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
    macro.write_panel(ALERTS[macro.name], macro.parameter("title"))


def expand(macro: Macro) -> None:
    """`expand`, tabs: the title in bold, then the content."""
    macro.write_title(macro.parameter("title", "name", "label", ""))
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
    """`include`: the page, if the host puts pages in; else a link to it, and a warning."""
    page = _page(macro)
    if page is None or not macro.include(page):
        _link_to_included(macro, page)


def excerpt_of(*macros: str) -> MacroHandler:
    """An excerpt of another page, which is the content of a macro there: `excerpt-include`."""

    def handler(macro: Macro) -> None:
        page, excerpt = _page(macro), Excerpt(macros, macro.parameter("name", "MultiExcerptName"))
        if page is None or not macro.include(page, excerpt):
            _link_to_included(macro, page)

    return handler


def _page(macro: Macro) -> PageLink | None:
    """Return the page a macro is about."""
    named = _reference(macro, PageLink)
    title = macro.parameter("", "page", "default-parameter")
    return named if isinstance(named, PageLink) else PageLink(title=title) if title else None


def _link_to_included(macro: Macro, page: PageLink | None) -> None:
    macro.warn("included_page")
    if page is not None:
        macro.end_paragraph()
        macro.write_reference(page)
        macro.end_paragraph()


def drop(macro: Macro) -> None:
    """Macros without anything to read."""
    macro.drop_body()


def status(macro: Macro) -> None:
    """`status`: its title in bold."""
    macro.context.flow.apart()
    macro.write_strong(macro.parameter("title", "Status"))


def date(macro: Macro) -> None:
    """`handy-date`: the date."""
    macro.write_text(macro.parameter("date").partition("T")[0])


def sign(character: str) -> MacroHandler:
    """A character that has a macro of its own: `tm`."""

    def handler(macro: Macro) -> None:
        macro.write_text(character)

    return handler


def anchor(macro: Macro) -> None:
    """`anchor`: a place for links."""
    macro.write_anchor(macro.parameter("", "anchor", "name", "anchorname"))


def math_block(macro: Macro) -> None:
    """`mathblock`, `eazy-math-block`...: `$$`. What Markdown would take for a block is joined to the line above."""
    lines = ["$$"]
    for line in _formula(macro).split("\n"):
        if begins_block(line.strip()):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    if lines != ["$$", ""]:
        macro.write_block("\n".join([*lines, "$$"]))


def math_inline(macro: Macro) -> None:
    """`mathinline`, `eazy-math-inline`...: `$`."""
    formula = " ".join(_formula(macro).split())
    if formula:
        macro.write_inline(f"${formula}$")


def diagram(macro: Macro) -> None:
    """`drawio`, `gliffy`, `lucidchart`: the preview that is attached to the page, `inc-drawio`: to another one."""
    name = macro.parameter("diagramName", "name", "filename", "displayName", "diagramDisplayName", "title")
    macro.warn("diagram")
    if name:
        filename = name if re.search(r"\.(?:png|svg|jpe?g|gif)$", name) else f"{name}.png"
        page_id = macro.parameter("pageId") if macro.name == "inc-drawio" else ""
        page = PageLink(page_id=PageId(page_id)) if page_id else None
        macro.end_paragraph()
        macro.write_image(AttachmentLink(filename, page), name)
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
        return
    macro.warn("diagram")
    if filename := macro.parameter("filename"):  # the text is in an attachment
        macro.end_paragraph()
        macro.write_reference(AttachmentLink(filename))
        macro.end_paragraph()


def _reference(macro: Macro, kind: type[Reference]) -> Reference | None:
    return next((reference for reference in macro.references if isinstance(reference, kind)), None)


def _inflate(data: str) -> str:
    """Return the text that was compressed, "" if it is none, or too much of it."""
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        text = inflater.decompress(base64.b64decode(data), _MAX_RATIO * len(data) + 1)
        return clean_text(unquote(text.decode())) if len(text) <= _MAX_RATIO * len(data) else ""
    except (ValueError, zlib.error):
        return ""


_MARKUP_IN_FORMULA = re.compile(r"<(?=[A-Za-z/!?])|\](?=[(:\[])|``(?=`)|~~(?=~)")


def _formula(macro: Macro) -> str:
    """Return a formula without empty lines; a space, which means nothing in it, parts what would be Markdown."""
    formula = macro.text or macro.parameter("body", "equation", "formula", "latex", "")
    return "\n".join(_MARKUP_IN_FORMULA.sub(r"\g<0> ", line).rstrip() for line in formula.splitlines() if line.strip())
