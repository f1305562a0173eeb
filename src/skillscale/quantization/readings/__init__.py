"""What the quantization chapter's claims read off their runs; a function bears a claim's name."""

from skillscale.quantization.readings import ideal, joint, rarity, samples, shared, steps, width

__all__ = ["ideal", "joint", "rarity", "samples", "shared", "steps", "width"]
