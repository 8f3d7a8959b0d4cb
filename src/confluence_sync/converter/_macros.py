"""Which macro becomes what, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ._macro import MacroHandler
from ._macro_handlers import (
    ALERTS,
    anchor,
    attachment,
    children,
    code,
    content,
    date,
    diagram,
    drop,
    dynamic,
    excerpt_of,
    expand,
    fenced_as,
    include,
    jira,
    link_to,
    markdown,
    math_block,
    math_inline,
    noformat,
    panel,
    plantuml_cloud,
    profile,
    sign,
    status,
)

__all__ = ["MACROS"]

MACROS: Mapping[str, MacroHandler] = MappingProxyType(
    {
        # Code and other literal text
        **dict.fromkeys(("code", "code-block"), code),
        "noformat": noformat,
        "markdown": markdown,
        **dict.fromkeys(("html", "html-bobswift", "html-macro"), fenced_as("html")),
        **dict.fromkeys(("mermaid", "mermaid-cloud", "mermaid-diagram", "mermaid-macro"), fenced_as("mermaid")),
        **dict.fromkeys(("plantuml", "plantumlrender"), fenced_as("plantuml")),
        **dict.fromkeys(("digraph", "graphviz"), fenced_as("dot")),
        **dict.fromkeys(("swagger-integration", "swagger-open-api", "swagger-open-api-macro"), fenced_as("yaml")),
        "csv": fenced_as("csv"),
        # Panels
        **dict.fromkeys(ALERTS, panel),
        # Content in a frame that Markdown does not have
        **dict.fromkeys(("expand", "ui-expand"), expand),
        **dict.fromkeys(("auitabspage", "aura-tab", "card", "horizontal-nav-item", "localtab"), expand),
        **dict.fromkeys(("tab", "tab-pane", "tabs-page", "ui-step", "ui-tab"), expand),
        **dict.fromkeys(("chart", "scroll-title"), expand),
        **dict.fromkeys(("excerpt", "multiexcerpt", "multiexcerpt-macro", "details", "shared-block"), content),
        **dict.fromkeys(("section", "column", "div", "span", "align", "center"), content),
        **dict.fromkeys(("auitabs", "aura-tab-collection", "deck", "horizontal-nav-group", "localtabgroup"), content),
        **dict.fromkeys(("tabs-group", "ui-steps", "ui-tabs"), content),
        **dict.fromkeys(("bgcolor", "color", "highlight", "aura-background-image", "legacy-content"), content),
        **dict.fromkeys(("auto-number-headings", "numberedheadings", "fancy-bullets"), content),
        **dict.fromkeys(("hide-if", "show-if", "noprint"), content),
        **dict.fromkeys(("pivot-table", "table-chart", "table-excerpt", "table-filter", "table-joiner"), content),
        **dict.fromkeys(("table-sort", "table-transformer"), content),
        **dict.fromkeys(("scroll-ignore", "scroll-ignore-inline", "scroll-only", "scroll-only-inline"), content),
        **dict.fromkeys(("scroll-landscape", "scroll-portrait", "scroll-tablelayout"), content),
        # In the sentence
        **dict.fromkeys(("status", "handy-status-macro", "lozenge"), status),
        "handy-date": date,
        "anchor": anchor,
        **dict.fromkeys(("profile", "profile-picture"), profile),
        **dict.fromkeys(("jira", "jirachart", "jiraissues"), jira),
        "tm": sign("\N{TRADE MARK SIGN}"),
        "sm": sign("\N{SERVICE MARK}"),
        "reg-tm": sign("\N{REGISTERED SIGN}"),
        # Mathematics
        **dict.fromkeys(("mathblock", "math", "latex", "mathjax-block-macro"), math_block),
        **dict.fromkeys(("easy-math-block", "eazy-math-block"), math_block),
        **dict.fromkeys(("mathinline", "mathjax-inline-macro"), math_inline),
        **dict.fromkeys(("easy-math-inline", "eazy-math-inline"), math_inline),
        # Diagrams
        **dict.fromkeys(("draw.io", "drawio", "drawio-board", "drawio-sketch", "inc-drawio"), diagram),
        **dict.fromkeys(("gliffy", "lucidchart"), diagram),
        "plantumlcloud": plantuml_cloud,
        # Things elsewhere
        "iframe": link_to("src", "url"),
        **dict.fromkeys(("aura-button", "button", "ui-button"), link_to("url", "link", "href")),
        **dict.fromkeys(("gdrive", "google-drive-docs", "lref-gdrive-file", "widget"), link_to("url")),
        **dict.fromkeys(("html-include", "rss", "swagger-ui", "swaggerui"), link_to("url")),
        **dict.fromkeys(("view-file", "viewdoc", "viewfile", "viewpdf", "viewppt", "viewxls"), attachment),
        "multimedia": attachment,
        # Other pages
        "include": include,
        "excerpt-include": excerpt_of("excerpt"),
        **dict.fromkeys(
            ("multiexcerpt-include", "multiexcerpt-include-macro"), excerpt_of("multiexcerpt", "multiexcerpt-macro")
        ),
        "table-excerpt-include": excerpt_of("table-excerpt"),
        **dict.fromkeys(("children", "pagetree"), children),
        # Computed when the page is shown
        **dict.fromkeys(("toc", "toc-zone", "navmap", "index", "page-index"), dynamic),
        **dict.fromkeys(("attachments", "gallery", "space-attachments"), dynamic),
        **dict.fromkeys(("blog-posts", "content-by-label", "content-by-user", "content-report-table"), dynamic),
        **dict.fromkeys(("contentbylabel", "detailssummary", "page-properties-report"), dynamic),
        **dict.fromkeys(("change-history", "contributors", "contributors-summary"), dynamic),
        **dict.fromkeys(("create-from-template", "create-space-button"), dynamic),
        **dict.fromkeys(("labels-list", "listlabels", "popular-labels", "recently-used-labels"), dynamic),
        **dict.fromkeys(("related-labels", "favpages", "global-reports", "space-details", "spaces"), dynamic),
        **dict.fromkeys(("livesearch", "pagetreesearch", "search"), dynamic),
        **dict.fromkeys(("recently-updated", "recently-updated-dashboard"), dynamic),
        **dict.fromkeys(("calendar", "decisionreport", "roadmap", "task-report", "tasks-report-macro"), dynamic),
        **dict.fromkeys(("jiraroadmap", "portfolioforjiraplan", "gadget", "junitreport", "viewtracker"), dynamic),
        **dict.fromkeys(("aura-cards", "aura-user-profile", "im", "network", "userlister"), dynamic),
        **dict.fromkeys(("loremipsum", "cheese"), dynamic),
        # Nothing to read
        **dict.fromkeys(("css", "javascript", "script", "style", "hideelements", "htmlcomment"), drop),
        **dict.fromkeys(("aura-divider", "scroll-bookmark", "scroll-pagebreak"), drop),
    }
)
"""The rule for each macro. A host adds its own, or replaces one of these, by `ConvertOptions(macros={name: rule})`."""
