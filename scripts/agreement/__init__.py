"""Expected scores for our metrics, made by the programs whose scores they must equal: python -m scripts.agreement."""
