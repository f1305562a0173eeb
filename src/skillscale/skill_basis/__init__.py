"""Theory of the skill basis: independent skills, learned by one logistic equation each."""
