"""What the resource chapter's claims read off their runs; a function bears the name of its claim.

Noisy neurons for one subtask, for two side by side and for chains; neurons under a penalty; plain
networks; and published training runs.
"""
