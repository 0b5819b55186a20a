"""Retrieval: paragraphs in order of how well they fit a query, by words (BM25), by meaning (embeddings) or by both.

Importing this package imports nothing heavy: `naming` knows the names, the other modules do the work.
"""
