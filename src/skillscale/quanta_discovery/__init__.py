"""Quanta discovered: gradients of language models clustered, and whether clusters are quanta."""
