"""Settings shared by all tests: one thread, and property tests that repeat themselves."""

import os

for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[_variable] = "1"  # before torch is imported: it reads them once

from hypothesis import settings  # noqa: E402

# No deadline, since workers share the cores; the same examples on every machine.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
