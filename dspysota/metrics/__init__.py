"""Pure scoring functions, one module per task: text in, numbers in [0, 1] out, no I/O and no state."""
