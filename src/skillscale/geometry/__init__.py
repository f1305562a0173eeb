"""The geometry model: skills are directions in parameter space, learned by an optimizer."""
