"""Settings of the experiments of a package, collected from its modules."""

from collections.abc import Iterable
from types import ModuleType
from typing import Any


def settings(modules: Iterable[ModuleType], profile: str) -> dict[str, Any]:
    """Return the settings of all experiments that have the profile, by name.

    Args:
        modules: modules with dictionaries of settings under the names of profiles.
        profile: "LIVE", "STANDARD" or "PAPER".

    >>> from skillscale.slingshot import experiments as slingshot
    >>> settings([slingshot], "LIVE") == slingshot.LIVE
    True
    """
    return {
        name: found for module in modules for name, found in getattr(module, profile, {}).items()
    }
