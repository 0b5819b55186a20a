"""Programs for HotpotQA, one a file."""

DEFAULT = "read"

RETRIEVING = ("direct", "react", "read", "two_hop", "verify")
"""The programs that find paragraphs, by whatever retriever they are given."""
