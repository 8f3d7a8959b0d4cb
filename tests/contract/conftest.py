"""Lets other processes import what the tests hand to them: a pickled function is found by the name of its module."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
