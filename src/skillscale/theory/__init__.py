"""What each model predicts: closed forms in sympy, mpmath, numpy and scipy; no data."""
