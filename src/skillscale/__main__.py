"""`python -m skillscale` is the command line."""

from skillscale.cli import app

app(prog_name="skillscale")
