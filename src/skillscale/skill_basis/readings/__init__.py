"""What the skill basis claims read off their runs; a function bears the name of its claim."""

from skillscale.skill_basis.readings import clock, data, model, shared, time, transformer, width

__all__ = ["clock", "data", "model", "shared", "time", "transformer", "width"]
