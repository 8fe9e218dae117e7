"""What tells one checkpoint from another, wherever it lies: the files that decide what it answers."""

import hashlib
from pathlib import Path

DECISIVE_FILES = (
    "config.json", "generation_config.json", "model*.safetensors", "pytorch_model*.bin", "*.py",
    "preprocessor_config.json", "processor_config.json", "tokenizer*", "vocab.*", "merges.txt", "chat_template*",
)  # fmt: skip
"""The model, its code where it brings some, and what makes tensors of an image and a text."""

_AT_ONCE = 2**24


def identity_of(folder: Path) -> str:
    """16 hexadecimal digits of the names, sizes and bytes of its decisive files."""
    digest = hashlib.sha256()
    for file in sorted({file for pattern in DECISIVE_FILES for file in folder.glob(pattern) if file.is_file()}):
        digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        with file.open("rb") as opened:
            while part := opened.read(_AT_ONCE):
                digest.update(part)
    return digest.hexdigest()[:16]
