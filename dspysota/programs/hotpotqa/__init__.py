"""Programs for HotpotQA, one a file."""

DEFAULT = "read"
