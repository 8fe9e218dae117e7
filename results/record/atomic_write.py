"""Files that are either whole or as they were: a crash or a full disk never leaves half of one."""

from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    written = file.with_name(f"{file.name}.new")
    try:
        written.write_text(text)
        written.replace(file)
    except OSError:
        written.unlink(missing_ok=True)
        raise
