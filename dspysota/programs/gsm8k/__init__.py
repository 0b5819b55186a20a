"""Programs for GSM8K, one a file."""

DEFAULT = "cot"
