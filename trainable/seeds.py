"""Seeds: everything random in an epoch is drawn from (seed, epoch), so there is no generator state to save."""

import hashlib


def seed_of(*parts: int | str) -> int:
    """A seed (0 to 2^63 - 1) that depends on every part; neighbouring parts give unrelated seeds."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
