"""What a store refuses, in one sentence that holds no secret.

Stores tell their errors in words alone: pyarrow's are an OSError without a number, whose text holds a code of S3 or
Google. What is quoted of a text is that code, never the text, which may repeat an identity.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from trainable.contract import UserError


class StorageError(UserError):
    """A store that cannot be read or written."""


class Missing(StorageError):
    """There is no such object."""


class Refused(StorageError):
    """There is no such bucket, or no right to it: to try again is of no use before somebody mends that."""


class Unreachable(StorageError):
    """The server is away, too slow or too busy: it may pass."""


_NO_RIGHTS = re.compile(
    "ACCESS_DENIED|SIGNATURE_DOES_NOT_MATCH|INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID|UNRECOGNIZED_CLIENT|"
    "MISSING_AUTHENTICATION_TOKEN|INCOMPLETE_SIGNATURE|EXPIRED_TOKEN|ExpiredToken|TokenRefreshRequired|InvalidToken|"
    r"PERMISSION_DENIED|UNAUTHENTICATED|Forbidden|Unauthorized|Authentication|AuthorizationFailure|"
    r"HTTP status 40[13]\b|HTTP response code 40[13]\b"
)
_NO_BUCKET = re.compile("NO_SUCH_BUCKET|NoSuchBucket|ContainerNotFound|The specified bucket does not exist")
_AWAY = re.compile(
    "NETWORK_CONNECTION|SLOW_DOWN|SlowDown|THROTTLING|SERVICE_UNAVAILABLE|ServiceUnavailable|INTERNAL_FAILURE|"
    "InternalError|REQUEST_TIMEOUT|REQUEST_EXPIRED|UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|[Tt]imed? ?out|"
    r"ServerBusy|curlCode|Could ?n.t (connect|resolve)|HTTP status 5\d\d|HTTP response code 5\d\d"
)
_AWAY_NUMBERS = (
    errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH,
    errno.EPIPE,
)  # fmt: skip
_CODE = re.compile(r"AWS Error ([A-Z_]+|UNKNOWN \(HTTP status \d+\)) during (\w+)")


@contextmanager
def telling(address: str) -> Iterator[None]:
    """Within the block, a store is asked.

    Args:
        address: of what is asked for, for the error; it holds no credentials.

    Raises:
        StorageError: for whatever the store or its library refuses.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # each library that fsspec opens has errors of its own
        raise told(error, address) from None  # whose text may hold a secret


def told(error: Exception, address: str) -> StorageError:
    """What a library has raised, as our error."""
    text = str(error)
    code, is_s3 = _code(text), address.startswith("s3")
    if isinstance(error, FileNotFoundError) and not _NO_BUCKET.search(text):
        return Missing(f"{address}: there is no such object")
    if _NO_BUCKET.search(text):
        return no_bucket(address)
    if isinstance(error, PermissionError) or _NO_RIGHTS.search(text):
        by = " (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE)" if is_s3 else ""
        return Refused(f"{address}: access is refused{code}; have its owner allow it, or give other credentials{by}")
    if _is_away(error, text):
        by = " (AWS_ENDPOINT_URL, AWS_REGION)" if is_s3 else ""
        return Unreachable(
            f"{address}: its server does not answer{code}; try again later, or mend the address or the endpoint{by}"
        )
    if isinstance(error, NotImplementedError):
        return StorageError(f"{address}: this kind of store cannot be written to; give another")
    return StorageError(f"{address}: the store cannot be used{code or f' ({_kind(error)})'}; mend that")


def no_bucket(address: str) -> Refused:
    return Refused(f"{address}: there is no such bucket; make it, or mend the address")


def _is_away(error: Exception, text: str) -> bool:
    is_named_so = re.search("Connect|Timeout", type(error).__name__)
    if is_named_so or _AWAY.search(text):
        return True
    return isinstance(error, OSError) and error.errno in _AWAY_NUMBERS


def _code(text: str) -> str:
    match = _CODE.search(text)
    return f" ({match[1]} at {match[2]})" if match else ""


def _kind(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) else None
    return words or type(error).__name__
