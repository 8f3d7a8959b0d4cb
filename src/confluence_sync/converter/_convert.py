"""`convert`: a page's storage format in, its Markdown out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

import attrs

from ..models import AccountId, AttachmentLink, ConversionWarning, PageLink, TableStyle
from ..protocols import LinkResolver
from ._anchors import holds_marks
from ._context import Context
from ._include import Includer
from ._macro import MacroHandler
from ._macros import MACROS
from ._reader import read
from ._tables import Tables
from ._tokens import unescape

__all__ = ["CONVERTER_FINGERPRINT", "Conversion", "ConvertOptions", "account_ids", "convert"]

CONVERTER_FINGERPRINT = "2"
"""Changes when the Markdown of a page may; files written under another one are written again."""

_ACCOUNTS = re.compile(r"""ri:(?:account-id|userkey|username)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")


@attrs.frozen(kw_only=True)
class Conversion:
    """
    A page as Markdown.

    Attributes:
        markdown: GitHub Flavored Markdown, one newline at its end; "" for a page with nothing to read.
        links: The pages it links to, whether or not they could be resolved, in order, each once.
        attachments: The attachments it links to or shows.
        mentions: The users it mentions.
        warnings: What the Markdown does not carry.
        included: The pages that were asked for to be put in (`ConvertOptions.include`): when one of them changes, so
            does this Markdown.
    """

    markdown: str
    links: tuple[PageLink, ...] = ()
    attachments: tuple[AttachmentLink, ...] = ()
    mentions: tuple[AccountId, ...] = ()
    warnings: tuple[ConversionWarning, ...] = ()
    included: tuple[PageLink, ...] = ()


@attrs.frozen(kw_only=True)
class ConvertOptions:
    """
    What a host can choose.

    Attributes:
        site_url: Base of the site's addresses, `https://site.atlassian.net/wiki`. With it links to its pages are
            recognised by their addresses, and links to spaces and issues have one.
        macros: Rules for macros by name, whatever the case, besides and instead of the ones there are. What one
            raises, `convert` raises.
        include: Returns the storage format of a page that an `include` or `excerpt-include` macro names, to put it, or
            its excerpt, in the place of the macro; None leaves a link and a warning, as without it. It is asked once
            for each page, also for those that included pages include. What it raises, `convert` raises. A page by
            title without a space key is in the space of the page that is converted.
        tables: What becomes of tables that lose structure as Markdown, those with spans or with blocks in their cells.
            As `HTML` they keep it; a page that has some is read twice, and so are its macros.
    """

    site_url: str = ""
    macros: Mapping[str, MacroHandler] = attrs.field(factory=dict)
    include: Callable[[PageLink], str | None] | None = None
    tables: TableStyle = TableStyle.MARKDOWN

    @property
    def fingerprint(self) -> str:
        """Of the converter with these options; a host that changes what a rule of its own does changes its name."""
        include = ["\0include"] if self.include else []
        parts = (CONVERTER_FINGERPRINT, self.site_url, self.tables, *sorted(self.macros), *include)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def convert(
    storage: str, *, resolver: LinkResolver | None = None, options: ConvertOptions = ConvertOptions()
) -> Conversion:
    """
    Convert a page. Pure and total: equal input gives equal output, and no input raises.

    >>> print(convert("<h2>Set-up</h2><p>Run <code>make</code> <em>once</em>.</p>").markdown, end="")
    ## Set-up
    <BLANKLINE>
    Run `make` *once*.

    Args:
        storage: The body, `body.storage.value`. What is not well-formed is read as far as it can be.
        resolver: Knows where pages and attachments are and what users are called. Without one the texts of links to
            pages stay, and attachments are linked by their file names.
        options: What a host can choose.

    Returns:
        The Markdown, what it links to, and what it does not carry.
    """
    included: dict[PageLink, str | None] = {}
    context = _read(storage, resolver, options, Tables(), included)
    if options.tables is TableStyle.HTML and context.tables.lossy:
        context = _read(storage, resolver, options, Tables(as_html=context.tables.lossy), included)
    markdown = context.flow.finish()
    if holds_marks(markdown):
        markdown = context.links.anchors.settle(markdown, context.headings)
    if f"{markdown}\n".startswith("---\n"):
        markdown = f"___{markdown[3:]}"  # not the begin of front matter
    return Conversion(
        markdown=f"{markdown}\n" if markdown else "",
        links=tuple(context.links.pages),
        attachments=tuple(context.links.attachments),
        mentions=tuple(context.links.mentions),
        warnings=context.warnings.all(),
        included=tuple(included),
    )


def _read(
    storage: str,
    resolver: LinkResolver | None,
    options: ConvertOptions,
    tables: Tables,
    included: dict[PageLink, str | None],
) -> Context:
    """Read a page; pages that it includes are asked for unless they are there."""
    macros = {**MACROS, **{name.lower(): rule for name, rule in options.macros.items()}} if options.macros else MACROS
    context = Context(macros, resolver, options.site_url, tables)
    if options.include is not None:
        context.include = Includer(context, storage, options.include, included)
    read(storage, context)
    return context


def account_ids(storage: str) -> set[AccountId]:
    """Return the users a page mentions, without converting it, so that their names can be fetched for many pages."""
    return {AccountId(unescape(double or single)) for double, single in _ACCOUNTS.findall(storage) if double or single}
