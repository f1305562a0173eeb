"""`python -m skillscale` is the command line."""

from skillscale.cli import main

main()
