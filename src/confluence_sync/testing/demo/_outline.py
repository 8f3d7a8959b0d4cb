"""Which pages the demo site has, and where they hang. Their bodies are the files in `pages/`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

__all__ = ["HANDBOOK", "PLATFORM", "ROLES", "Entry", "account_id"]

ROLES = {
    "data": "Data Team",
    "design": "Design Team",
    "docs": "Documentation Team",
    "people": "People Team",
    "platform": "Platform Team",
    "product": "Product Manager",
    "release": "Release Manager",
    "security": "Security Team",
    "sre": "On-call Engineer",
    "support": "Support Lead",
}


def account_id(role: str) -> str:
    """Return the account of a role, as the bodies mention it."""
    return f"557058:{role}"


@attrs.frozen
class Entry:
    """
    A node of the tree, with what is below it.

    Attributes:
        type: `page`, `folder`, `whiteboard`, `database` or `embed`.
        body: Name of the file in `pages/`, without `.xml`.
        edited_at: Time of the second version, None if there is only one.
    """

    type: str
    title: str
    children: Sequence[Entry] = ()
    body: str = ""
    author_id: str = ""
    created_at: datetime | None = None
    edited_at: datetime | None = None
    labels: Sequence[str] = ()


def page(
    title: str,
    body: str,
    *,
    by: str,
    on: str,
    edited: str | None = None,
    labels: Sequence[str] = (),
    children: Sequence[Entry] = (),
) -> Entry:
    """Return a page; dates are ISO 8601, the author is one of the roles."""
    return Entry(
        "page",
        title,
        children=children,
        body=body,
        author_id=account_id(by),
        created_at=_morning(on),
        edited_at=None if edited is None else _morning(edited),
        labels=labels,
    )


def _morning(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:30:00").replace(tzinfo=UTC)


HANDBOOK: Sequence[Entry] = [
    page(
        "Handbook Home",
        "handbook",
        by="docs",
        on="2025-09-01",
        edited="2026-02-16",
        labels=["start"],
        children=[
            page(
                "Onboarding",
                "onboarding",
                by="people",
                on="2025-09-02",
                edited="2026-01-12",
                labels=["onboarding"],
                children=[
                    page(
                        "Your first week",
                        "first-week",
                        by="people",
                        on="2025-09-02",
                        edited="2026-01-12",
                        labels=["onboarding"],
                    ),
                    page(
                        "Six-week plan",
                        "six-week-plan",
                        by="people",
                        on="2025-09-03",
                        labels=["onboarding", "template"],
                    ),
                ],
            ),
            Entry(
                "folder",
                "People",
                children=[
                    page(
                        "Holidays and time off",
                        "time-off",
                        by="people",
                        on="2025-09-05",
                        edited="2026-01-05",
                        labels=["policy"],
                    ),
                    page("Travel and expenses", "expenses", by="people", on="2025-09-08", labels=["policy"]),
                    page("Growth and feedback", "growth", by="people", on="2025-09-12", labels=["policy"]),
                ],
            ),
            Entry(
                "folder",
                "Working together",
                children=[
                    page(
                        "How we decide",
                        "how-we-decide",
                        by="docs",
                        on="2025-09-01",
                        edited="2026-02-09",
                        labels=["culture", "decision"],
                    ),
                    page("Meetings", "meetings", by="docs", on="2025-09-04", labels=["culture"]),
                    page(
                        "Meeting notes",
                        "meeting-notes",
                        by="docs",
                        on="2025-10-01",
                        labels=["meetings"],
                        children=[
                            page(
                                "2026-01-12 Planning",
                                "notes-2026-01-12",
                                by="product",
                                on="2026-01-12",
                                labels=["meetings"],
                            ),
                            page(
                                "2026-01-26 Planning",
                                "notes-2026-01-26",
                                by="product",
                                on="2026-01-26",
                                labels=["meetings"],
                            ),
                            page(
                                "2026-02-09 Planning",
                                "notes-2026-02-09",
                                by="product",
                                on="2026-02-09",
                                labels=["meetings"],
                            ),
                        ],
                    ),
                    page("Writing over talking", "writing", by="docs", on="2025-09-09", labels=["culture"]),
                ],
            ),
            Entry(
                "folder",
                "Customers",
                children=[
                    page(
                        "Support",
                        "support",
                        by="support",
                        on="2025-09-10",
                        labels=["support"],
                        children=[
                            page(
                                "Support rota",
                                "support-rota",
                                by="support",
                                on="2025-09-10",
                                edited="2026-02-27",
                                labels=["support"],
                            ),
                            page(
                                "Answers to frequent questions",
                                "support-answers",
                                by="support",
                                on="2025-11-03",
                                labels=["support", "reference"],
                            ),
                        ],
                    ),
                    page(
                        "Launch checklist",
                        "launch-checklist",
                        by="product",
                        on="2025-12-01",
                        labels=["release", "template"],
                    ),
                    page("What customers told us", "research", by="design", on="2025-12-15", labels=["research"]),
                ],
            ),
            page(
                "Security at work",
                "security",
                by="security",
                on="2025-09-03",
                edited="2026-01-19",
                labels=["security"],
                children=[
                    page(
                        "Passwords and two-factor sign-in",
                        "passwords",
                        by="security",
                        on="2025-09-03",
                        labels=["security"],
                    ),
                    page(
                        "Handling customer data",
                        "customer-data",
                        by="security",
                        on="2025-09-17",
                        edited="2026-01-19",
                        labels=["security", "policy"],
                    ),
                    page(
                        "Reporting a security problem",
                        "report-security",
                        by="security",
                        on="2025-09-17",
                        labels=["security"],
                    ),
                ],
            ),
            page("Glossary", "glossary", by="docs", on="2025-09-15", edited="2026-02-23", labels=["reference"]),
        ],
    )
]

PLATFORM: Sequence[Entry] = [
    page(
        "Platform Engineering Home",
        "platform",
        by="platform",
        on="2025-09-01",
        edited="2026-03-02",
        labels=["start"],
        children=[
            page(
                "Runbooks",
                "runbooks",
                by="sre",
                on="2025-09-05",
                labels=["runbook"],
                children=[
                    page(
                        "What to do when the pager rings",
                        "pager",
                        by="sre",
                        on="2025-09-05",
                        edited="2026-02-20",
                        labels=["runbook", "on-call"],
                    ),
                    page(
                        "Runbook: database replica lags",
                        "rb-database",
                        by="sre",
                        on="2025-09-08",
                        labels=["runbook", "database"],
                    ),
                    page("Runbook: queue grows", "rb-queue", by="sre", on="2025-09-08", labels=["runbook", "queue"]),
                    page(
                        "Runbook: certificate expires",
                        "rb-certificates",
                        by="security",
                        on="2025-09-22",
                        labels=["runbook", "security"],
                    ),
                    page(
                        "Runbook: storage answers slowly",
                        "rb-storage",
                        by="platform",
                        on="2025-10-06",
                        labels=["runbook", "storage"],
                    ),
                    page(
                        "Runbook: search index is behind",
                        "rb-search",
                        by="data",
                        on="2025-11-10",
                        labels=["runbook", "search"],
                    ),
                ],
            ),
            page(
                "Incident reviews",
                "incidents",
                by="platform",
                on="2025-09-12",
                labels=["incident"],
                children=[
                    page(
                        "Review: the certificate nobody knew",
                        "inc-certificate",
                        by="security",
                        on="2025-09-19",
                        labels=["incident", "security"],
                    ),
                    page(
                        "Review: the export that ate the disk",
                        "inc-export",
                        by="platform",
                        on="2025-11-21",
                        labels=["incident", "export"],
                    ),
                    page(
                        "Review: a flag with two meanings",
                        "inc-flag",
                        by="release",
                        on="2026-01-30",
                        labels=["incident", "release"],
                    ),
                ],
            ),
            page(
                "Architecture decisions",
                "adrs",
                by="platform",
                on="2025-09-03",
                labels=["adr"],
                children=[
                    page(
                        "ADR 1: One database schema per tenant",
                        "adr-1",
                        by="platform",
                        on="2025-09-03",
                        labels=["adr", "database"],
                    ),
                    page(
                        "ADR 2: Jobs are idempotent", "adr-2", by="platform", on="2025-10-14", labels=["adr", "queue"]
                    ),
                    page(
                        "ADR 3: Search is eventually consistent",
                        "adr-3",
                        by="data",
                        on="2025-11-04",
                        labels=["adr", "search"],
                    ),
                    page(
                        "ADR 4: Exports are incremental",
                        "adr-4",
                        by="platform",
                        on="2025-12-02",
                        edited="2026-02-03",
                        labels=["adr", "export"],
                    ),
                    page(
                        "ADR 5: No service mesh for now", "adr-5", by="sre", on="2026-02-12", labels=["adr", "network"]
                    ),
                ],
            ),
            Entry(
                "folder",
                "Delivery",
                children=[
                    page(
                        "Release process",
                        "release",
                        by="release",
                        on="2025-09-04",
                        edited="2026-02-24",
                        labels=["release"],
                        children=[
                            page(
                                "Release notes template",
                                "release-notes",
                                by="docs",
                                on="2025-09-04",
                                labels=["release", "template"],
                            ),
                            page("Hotfixes", "hotfix", by="release", on="2025-10-20", labels=["release"]),
                        ],
                    ),
                    page(
                        "Feature flags", "flags", by="release", on="2025-10-13", edited="2026-01-30", labels=["release"]
                    ),
                    page(
                        "Database migrations",
                        "migrations",
                        by="platform",
                        on="2025-10-27",
                        labels=["database", "release"],
                    ),
                ],
            ),
            Entry(
                "folder",
                "Reference",
                children=[
                    page(
                        "API guide",
                        "api",
                        by="platform",
                        on="2025-09-10",
                        edited="2026-02-18",
                        labels=["api", "reference"],
                        children=[
                            page("Webhooks", "api-webhooks", by="platform", on="2025-10-02", labels=["api"]),
                            page(
                                "Errors in detail",
                                "api-errors",
                                by="platform",
                                on="2025-10-02",
                                labels=["api", "reference"],
                            ),
                        ],
                    ),
                    page("Service template", "template", by="platform", on="2025-09-30", labels=["reference"]),
                    page("Dashboards and alerts", "dashboards", by="sre", on="2025-09-24", labels=["monitoring"]),
                    page(
                        "Access to systems", "access", by="security", on="2025-09-18", labels=["security", "reference"]
                    ),
                ],
            ),
            Entry(
                "folder",
                "Team",
                children=[
                    page("On-call rota", "rota", by="sre", on="2025-09-05", edited="2026-03-02", labels=["on-call"]),
                    page("Capacity 2026", "capacity", by="platform", on="2026-01-15", labels=["planning"]),
                    page(
                        "Retrospective, winter 2026", "retro", by="platform", on="2026-02-25", labels=["retrospective"]
                    ),
                    page("Old build server", "old-ci", by="platform", on="2025-09-02", labels=["archive"]),
                ],
            ),
        ],
    ),
    Entry("whiteboard", "System sketch"),
    Entry("database", "Service inventory"),
    Entry("embed", "Sprint board"),
]
