"""What approaches are made of: the job, the questions asked at once, what fits, and programs on disk.

Importing this package imports no DSPy; its modules do.
"""
