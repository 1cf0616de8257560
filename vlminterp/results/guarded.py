"""Files whose digests are kept beside them, so that a damaged one is not believed."""

import hashlib
import json
from pathlib import Path

from vlminterp.results.atomic import write_whole

DIGESTS = "digests.json"


class GuardedFiles:
    """The files of one folder that nothing else can check, and their digests in `digests.json`.

    A digest is written after its file. A process that dies in between leaves a file that counts as
    damaged and is written again.

    Args:
        folder: Folder that holds the files; it need not exist yet.
        digests: Name of the file that holds the digests.
    """

    def __init__(self, folder: Path, digests: str = DIGESTS) -> None:
        self._folder = folder
        self._name = digests

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, then its digest.

        Args:
            name: Name of the file in the folder.
            content: All of its bytes.

        Raises:
            OSError: One of the two can't be written.
        """
        write_whole(self._folder / name, content)
        digests = {**self._digests(), name: hashlib.sha256(content).hexdigest()}
        text = json.dumps(digests, indent=2, sort_keys=True) + "\n"
        write_whole(self._folder / self._name, text.encode())

    def intact(self, name: str) -> bool:
        """Returns whether a file is as it was written."""
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            return False
        return self._digests().get(name) == hashlib.sha256(content).hexdigest()

    def believed(self, name: str) -> bool:
        """Returns whether a reader may use a file.

        Runs of earlier versions have no digests at all; their files are believed.
        """
        return self.intact(name) or not (self._folder / self._name).exists()

    def damaged(self) -> list[str]:
        """Returns the names of the damaged or missing files, the file of digests included."""
        broken = [name for name in self._digests() if not self.intact(name)]
        if not self._digests() and (self._folder / self._name).exists():
            broken.append(self._name)
        return broken

    def _digests(self) -> dict[str, str]:
        """Returns the digests by file name; empty if their own file is missing or damaged."""
        try:
            content = json.loads((self._folder / self._name).read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
