"""Makes the fixtures of this repository's experiments known to pytest. Nothing else belongs here."""

from pathlib import Path

pytest_plugins = [
    f"fixtures.{path.stem}"
    for path in sorted(Path(__file__).with_name("fixtures").glob("*.py"))
    if path.stem != "__init__"
]
