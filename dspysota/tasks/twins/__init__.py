"""Offline twins: rows in a benchmark's form for where neither a data directory nor the hub is at hand.

A twin never bears the benchmark's name: its scores are not comparable with published ones.
"""
