"""Execute the book's chapters: in copies for the site, or in place for authors.

    python book/_ext/execute.py --to _build/source     # make book
    python book/_ext/execute.py --in-place [NAME ...]  # make execute

Which chapters exist is read from `_toc.yml`; they run in parallel. Copies come from a cache
when neither the chapter nor anything that it can see (the package, its version pins, the
claims, the stored results) has changed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

CELL_TIMEOUT_SECONDS = 600
SEEN_BY_CHAPTERS = (
    "src/**/*.py",
    "src/**/*.toml",
    "pyproject.toml",
    "constraints.txt",
    "withdrawn.toml",
    "results/[!.]*.nc",
    "results/manifest.json",
    "book/_ext/execute.py",
)
KERNEL_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class ChapterError(Exception):
    """A chapter that did not run to its end; the message is what its author needs to see."""


def chapters(root: Path) -> list[Path]:
    """Notebooks of the table of contents, in its order, as paths below `root`."""
    toc = yaml.safe_load((root / "_toc.yml").read_text())
    entries = [entry for part in toc["parts"] for entry in part["chapters"]]
    paths = [root / f"{entry['file']}.ipynb" for entry in entries]
    return [path for path in paths if path.exists()]


def shared_key(root: Path) -> str:
    """Hash of everything outside a chapter that can change what it shows."""
    digest = hashlib.sha256(sys.version.encode())
    for pattern in SEEN_BY_CHAPTERS:
        for path in sorted(root.glob(pattern)):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def chapter_key(notebook: NotebookNode, seen: str) -> str:
    """Hash of a chapter's cells and of what it sees; stored outputs do not count."""
    cells = [
        (cell.cell_type, cell.source, cell.metadata.get("tags", []), cell.metadata.get("mystnb"))
        for cell in notebook.cells
    ]
    return hashlib.sha256((json.dumps(cells, sort_keys=True) + seen).encode()).hexdigest()[:24]


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute a notebook in memory, with `folder` as its working directory.

    The kernel is spoken to through files rather than ports: many start at once, and two that
    are given the same port fail.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
            manager = client.create_kernel_manager()
            manager.transport = "ipc"
            manager.ip = str(Path(sockets) / "socket")
            client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(re.sub(r"\x1b\[[0-9;]*m", "", str(error))) from error


def strip_machine_metadata(notebook: NotebookNode) -> None:
    """Keep of the metadata only what is the same on every machine."""
    notebook.metadata = nbformat.from_dict(KERNEL_METADATA)
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in ("tags", "mystnb") if key in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook so that a reader finds the old file or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    nbformat.write(notebook, temporary)
    temporary.replace(path)


def execute_copy(chapter: Path, copy: Path, cache: Path, seen: str) -> str:
    """Execute `chapter` into `copy`, or take it from the cache; says how long it took."""
    notebook = nbformat.read(chapter, as_version=4)
    stored = cache / f"{chapter.stem}-{chapter_key(notebook, seen)}.ipynb"
    if stored.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stored, copy)
        return "cached"
    started = time.monotonic()
    run(notebook, copy.parent)
    strip_machine_metadata(notebook)
    write(notebook, copy)
    for old in cache.glob(f"{chapter.stem}-*.ipynb"):
        old.unlink()
    write(notebook, stored)
    return f"{time.monotonic() - started:.1f} s"


def execute_in_place(chapter: Path) -> str:
    """Execute `chapter` where it is and store its outputs; untouched when it fails."""
    notebook = nbformat.read(chapter, as_version=4)
    started = time.monotonic()
    run(notebook, chapter.parent)
    strip_machine_metadata(notebook)
    write(notebook, chapter)
    return f"{time.monotonic() - started:.1f} s"


def in_parallel(task: Callable[[Path], str], paths: Sequence[Path], workers: int) -> None:
    """Call `task` on every path, one line each; the first failure stops what has not begun."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = {pool.submit(task, path): path for path in paths}
        for future in as_completed(futures):
            name = futures[future].stem
            try:
                print(f"{name:<18} {future.result():>8}", flush=True)
            except ChapterError as error:
                pool.shutdown(wait=False, cancel_futures=True)
                raise ChapterError(f"chapter {name} failed\n{error}") from error


def copy_sources(root: Path, target: Path) -> None:
    """Lay out the site's source in `target`, emptied first: all of the book but its notebooks."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy2(root / name, target / name)
    ignored = shutil.ignore_patterns("*.ipynb", ".*", "__pycache__")
    shutil.copytree(root / "book", target / "book", ignore=ignored)


def places(root: Path, target: Path) -> tuple[Path, Path]:
    """The folder of the copies, which will be erased, and the cache beside it: both in `_build`."""
    folder, build = target.resolve(), root / "_build"
    cache = folder.parent / "executed"
    if build not in folder.parents or folder == cache:
        raise ChapterError(f"--to must be a folder inside {build} other than {cache}, got {target}")
    return folder, cache


def execute_copies(root: Path, target: Path, cache: Path, *, workers: int) -> None:
    """Fill `target` with the book's sources and its freshly executed (or cached) chapters."""
    copy_sources(root, target)
    seen = shared_key(root)

    def execute(path: Path) -> str:
        return execute_copy(path, target / path.relative_to(root), cache, seen)

    in_parallel(execute, chapters(root), workers)


def execute_all_in_place(root: Path, names: Sequence[str], *, workers: int) -> None:
    """Re-execute the named chapters (all, when none is named) where they are."""
    paths = chapters(root)
    unknown = sorted(set(names) - {path.stem for path in paths})
    if unknown:
        raise ChapterError(f"no such chapter: {', '.join(unknown)}")
    chosen = [path for path in paths if not names or path.stem in names]
    in_parallel(execute_in_place, chosen, workers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="chapters to execute in place (default: all)")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--to", type=Path, help="folder that receives the executed copies")
    mode.add_argument("--in-place", action="store_true")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    options = parser.parse_args(arguments)

    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
        os.environ[variable] = "1"
    root = options.root.resolve()
    try:
        if options.in_place:
            execute_all_in_place(root, options.names, workers=options.workers)
        else:
            target, cache = places(root, options.to)
            execute_copies(root, target, cache, workers=options.workers)
    except ChapterError as error:
        print(f"\n{error}\nThe book was not built.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
