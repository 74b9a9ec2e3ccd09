"""Where the project lies, however deep in the tree a test does."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
