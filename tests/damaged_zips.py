"""Archives that zipfile cannot read, each for another reason."""

import zipfile
from pathlib import Path

__all__ = ["WRONG", "write_wrong_zip"]

WRONG = ("encrypted", "later version", "name that is no text", "bz2")


def write_wrong_zip(path: Path, wrong: str, member: str, content: str) -> Path:
    """Writes an archive with one member that cannot be read: one of `WRONG`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2 if wrong == "bz2" else zipfile.ZIP_STORED) as archive:
        archive.writestr(member, content)
    whole = bytearray(path.read_bytes())
    entry = whole.index(b"PK\1\2")
    if wrong == "encrypted":
        whole[6] |= 1
        whole[entry + 8] |= 1
    elif wrong == "later version":
        whole[entry + 6] = 99
    elif wrong == "name that is no text":
        whole[entry + 9] |= 8
        whole[entry + 46] = 0xFF
    else:
        whole[30 + len(member) + 12] ^= 0xFF
    path.write_bytes(bytes(whole))
    return path
