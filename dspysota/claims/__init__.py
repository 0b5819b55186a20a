"""Claims against a reference: "at least 90% of its quality at no more than 5% of its cost", decided at a stated error
rate.

Runs and costs in, a verdict out; nothing is measured here.
"""
