"""Programs for HotpotQA, one a file."""

DEFAULT = "read"

RETRIEVING = ("react", "read", "two_hop", "verify")
"""The programs that find paragraphs, by whatever retriever they are given."""
