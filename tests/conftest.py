"""What holds for the whole suite: no timing, and the same examples every time."""

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
