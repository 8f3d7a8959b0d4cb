"""A macro of your own: what an app's macro becomes is a function of five lines, registered under its name."""

from confluence_sync.converter import ConvertOptions, Macro, convert

STORAGE = """
<p>Owned by the platform team.</p>
<ac:structured-macro ac:name="service-health">
  <ac:parameter ac:name="service">billing</ac:parameter>
  <ac:parameter ac:name="tier">1</ac:parameter>
  <ac:rich-text-body><p>Page the on-call engineer <em>at once</em>.</p></ac:rich-text-body>
</ac:structured-macro>
"""


def service_health(macro: Macro) -> None:
    """Write a link to the dashboard where the page has a live badge, then the macro's own text."""
    service = macro.parameter("service")
    macro.write_link(f"Health of {service}", f"https://status.example.com/{service}")
    macro.write_text(f" (tier {macro.parameter('tier')})")
    macro.write_body()


def main() -> None:
    """Print a page as it is converted without the rule, with its warning, and with the rule."""
    without = convert(STORAGE)
    print(f"{without.markdown}\nwarnings: {[warning.name for warning in without.warnings]}")

    options = ConvertOptions(
        macros={"service-health": service_health}
    )  # a sync takes them, too: EngineOptions(conversion=options)
    print(f"\n---\n\n{convert(STORAGE, options=options).markdown}")


if __name__ == "__main__":
    main()
