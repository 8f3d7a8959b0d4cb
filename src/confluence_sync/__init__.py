"""Confluence Cloud spaces as folders of Markdown files, kept in step. Read-only, asyncio, typed."""
