"""The note that a run has been mirrored: where to, with what, and into which files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlminterp.results.atomic import write_whole
from vlminterp.results.identity import file_digest
from vlminterp.results.plain import to_json

RECEIPT = "mirror.json"


class Receipt:
    """The file `mirror.json` in a run's `wandb` folder.

    Args:
        folder: The `wandb` folder; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, sent: Mapping[str, Any]) -> None:
        """Notes a mirror that is complete, with the digests of the files that W&B has written.

        Args:
            sent: Where the run was mirrored to, and what was mirrored.

        Raises:
            OSError: It can't be written, or a file of the mirror can't be read.
        """
        files = sorted(path for path in self._folder.rglob("*") if path.is_file())
        digests = {str(path.relative_to(self._folder)): file_digest(path) for path in files}
        digests.pop(RECEIPT, None)
        write_whole(self._folder / RECEIPT, to_json({**sent, "files": digests}))

    def holds(self, sent: Mapping[str, Any]) -> bool:
        """Returns whether just this has been mirrored, and its files are as they were written.

        Args:
            sent: As for `write`.
        """
        try:
            noted = json.loads((self._folder / RECEIPT).read_bytes())
            files = noted.pop("files")
            intact = all(file_digest(self._folder / name) == files[name] for name in files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        return intact and noted == json.loads(to_json(sent))
