"""Fetching: from a dataset's hosts, in turn, into `data/raw`; pooch puts a file there once its hash is right.

What a broken connection has brought is kept there and gone on from, where the host serves ranges.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pooch
import requests
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from ablatlas.data import registry, store
from ablatlas.data.registry import DataError, Dataset, File
from ablatlas.record import write_whole

Say = Callable[[str], None]
TIMEOUT, RETRIES, CHUNK = 30, 1, 1 << 16  # seconds without a byte; tries after the first at each host; bytes


class Resuming:
    """pooch's downloader of one file, which goes on where the last one broke off."""

    def __init__(self, part: Path, expected: int) -> None:
        self.part, self.expected = part, expected

    def __call__(self, url: str, output_file: Any, _: Any) -> None:
        """Bring `url` to `output_file`. Raises requests' exceptions where it breaks off; the part stays for later."""
        with self.part.open("ab") as out:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two that write one part would spoil it
            if out.tell() < self.expected:
                self._bring(url, out)
            size = out.tell()
        if size < self.expected:
            raise requests.ConnectionError(f"ended after {size:,} of {self.expected:,} bytes")
        self.part.replace(output_file)

    def _bring(self, url: str, out: BinaryIO) -> None:
        have = out.tell()
        # A host that packed what it sends would send other bytes than those that are pinned.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            if response.status_code != requests.codes.partial_content:
                out.truncate(have := 0)
            with Progress(*columns, transient=True) as bar:
                task = bar.add_task(url.rsplit("/", 1)[-1], total=self.expected, completed=have)
                for chunk in response.iter_content(CHUNK):
                    out.write(chunk)
                    bar.advance(task, len(chunk))


def fetch(name: str, say: Say) -> None:
    """Bring what of a dataset lies neither in `data/raw` nor in the mirror, and verify every file of it.

    Raises DataError where it has no host, no host gives the right bytes, or the folder takes no file.
    """
    of = registry.dataset(name)
    told = False
    for file in of.files.values():
        if store.load(of, file) is not None:
            continue
        if not of.hosts:
            raise DataError(store.missing(of, file))
        if not told:
            say(f"{of.title}: licence: {of.licence}; by {of.cite}")
            told = True
        download(of, of.archives[file.inside] if file.inside else file, say)
        store.read(name, file.name)
    say(f"{name}: {len(of.files)} files, {of.bytes:,} bytes, verified in {store.place(of).where}")


def download(of: Dataset, file: File, say: Say) -> None:
    """One file or archive from the first host that gives its bytes.

    Raises DataError, with what each host did, where none does.
    """
    pooch.get_logger().setLevel("ERROR")  # what else it says is said here
    folder, failed = store.raw(of), []
    part = folder / f".{file.name}.part"
    for host in of.hosts:
        say(f"{file.name}: {file.bytes:,} bytes from {host}{file.remote}")
        kept = pooch.create(
            path=folder, base_url=host, registry={file.name: f"sha256:{file.sha256}"},
            urls={file.name: host + file.remote}, retry_if_failed=RETRIES,
        )  # fmt: skip
        try:
            kept.fetch(file.name, downloader=Resuming(part, file.bytes))
        except requests.RequestException as error:
            failed.append(f"{host}: {_reason(error)}")
        except ValueError:  # pooch's, of a wrong hash
            failed.append(f"{host}: what it serves is not what was pinned, SHA-256 {file.sha256}")
        except BlockingIOError:
            raise DataError(f"{part}: another process is fetching this file; call again when it is there") from None
        except OSError as error:
            raise store.unwritable(of, error) from error
        else:
            return
    raise DataError(
        f"{file.name}: found no host that gives it, expected one ({'; '.join(failed)}); call again, it goes on where it"
        f" broke off, or put the file into {folder}, or set {store.MIRROR}"
    )


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    return str(error) if str(error).startswith("ended") else f"no connection ({type(error).__name__})"


def note(name: str, out: Path) -> None:
    """Write which bytes were verified, for the workflow: file -> SHA-256."""
    write_whole(out, (json.dumps(registry.dataset(name).pins, indent=1) + "\n").encode())
