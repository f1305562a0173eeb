"""Where the stored results lie: in the checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path


def root() -> Path:
    """Return the folder that holds `withdrawn.toml` and `results/`.

    An installed wheel carries both under `skillscale/_published`; in a checkout they lie at its
    root.
    """
    package = Path(__file__).parent
    for folder in (package / "_published", package.parents[1]):
        if (folder / "withdrawn.toml").is_file():
            return folder
    raise FileNotFoundError(
        f"withdrawn.toml lies neither in {package / '_published'} nor in {package.parents[1]}: "
        "the installation is incomplete"
    )
