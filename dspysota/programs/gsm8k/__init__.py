"""Programs for GSM8K, one a file."""

DEFAULT = "cot"

RETRIEVING = ()
"""The programs that find paragraphs, by whatever retriever they are given."""
