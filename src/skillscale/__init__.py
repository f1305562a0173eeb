"""Five theories of skills, emergence and neural scaling laws: derived, run, compared, corrected.

Importing the package loads neither torch nor matplotlib; import the part that is needed, e.g.
`from skillscale.skill_basis import theory` or `from skillscale.lab import parity`.
"""

from importlib.metadata import version

__version__ = version("skillscale")
