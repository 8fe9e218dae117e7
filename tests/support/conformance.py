"""Puts a kind of run through the conformance that tune/check_run.py shows, in the process of the tests."""

from typing import Any

from trainable.conformance.checks import Verdict, Wanted, checked


def first_fault(run: str, settings: Any, **options: Any) -> Verdict | None:
    """The first check that the kind does not pass, or that is in doubt; None when it passes all."""
    return next((verdict for verdict in checked(Wanted(run, settings, **options)) if verdict.fault), None)


def assert_conforms(run: str, settings: Any, **options: Any) -> None:
    found = first_fault(run, settings, **options)
    assert found is None, f"{found.promise}: {found.fault.sentence}\n{found.fault.trace}"
