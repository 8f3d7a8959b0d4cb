"""The converter alone, without a site: storage format in; Markdown, warnings and passages to cite out."""

from confluence_sync.converter import Document, convert, sections

PAGE_URL = "https://your-site.atlassian.net/wiki/spaces/OPS/pages/42/Restore+a+backup"

STORAGE = """
<p>Takes about <strong>20 minutes</strong>. Ask <ac:link><ri:user ri:account-id="on-call" /></ac:link> first.</p>
<h2>Before you start</h2>
<ac:structured-macro ac:name="warning"><ac:rich-text-body>
  <p>Stop the writers, or the restored data is stale.</p>
</ac:rich-text-body></ac:structured-macro>
<h2>Restore (primary)</h2>
<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>
  <ac:plain-text-body><![CDATA[restore --latest && verify]]></ac:plain-text-body>
</ac:structured-macro>
<ac:structured-macro ac:name="contributors" />
"""


def main() -> None:
    """Print a page as Markdown, what the Markdown does not carry, and its passages with their deep links."""
    conversion = convert(STORAGE)
    print(conversion.markdown)

    for warning in conversion.warnings:
        print(f"warning: {warning.kind} {warning.name!r} under {warning.heading!r}")

    document = Document({"source_url": PAGE_URL}, conversion.markdown)  # or read_document(path.read_bytes())
    for section in sections(document):
        print(f"\n{section.url}\n    {section.text!r}")


if __name__ == "__main__":
    main()
