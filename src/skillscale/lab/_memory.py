"""Memory that tensors give back, kept for the next ones.

A training step makes and frees the same tensors again and again. The GNU C library returns freed
blocks to the system where they lie at the end of its heap; every step then asks for them anew and
pays for each page at first touch. With ensembles of a hundred small networks that is half of the
time.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of the settings in malloc.h
_LARGEST_BLOCK = 2**25  # larger ones are the system's; the most that the library allows
_KEPT = 2**28  # bytes free at the end of a heap; threads may have heaps of their own
_CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_freed() -> bool:
    """Let this process keep up to 256 MB a heap that it has freed, until it ends; once is enough.

    Returns whether the C library, if it is GNU's, could be told. Nothing happens elsewhere, or if
    ``MALLOC_TRIM_THRESHOLD_``, ``MALLOC_MMAP_THRESHOLD_`` or ``GLIBC_TUNABLES`` is in the
    environment: the user has chosen. Results do not depend on it.

    Source: derived here; `tests/test_memory.py` counts pages.
    """
    if any(os.environ.get(name) for name in _CHOSEN):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another library, or another system
        return False
    # both, as setting one ends the library's own adjustment of the other
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK) and mallopt(_TRIM_THRESHOLD, _KEPT))
