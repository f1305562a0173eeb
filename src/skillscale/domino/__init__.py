"""Theory of the domino effect: skills that share an optimizer's step, so that a rare one waits."""
