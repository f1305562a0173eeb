"""Slingshot: skills and texts as a graph, what a loss says of the skills, and unseen tuples."""
