"""A kind of run whose settings are of every type that a setting can have, declared as text as this module's all are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Literal

from quadratic_run import Quadratic, QuadraticRun, QuadraticSettings

from trainable.runs import RunContext


class Walk(StrEnum):
    STRAIGHT = "straight"
    ROUND_ABOUT = "round about"


class Size(Enum):
    SMALL = auto()
    LARGE = auto()


@dataclass(frozen=True, kw_only=True)
class TypedSettings(QuadraticSettings):
    map: Path
    walk: Walk = Walk.STRAIGHT
    size: Size = Size.SMALL
    pace: Literal[1, 2, "any"] = 1
    shoes: bool | None = None
    rest: float | None = 0.5
    speed: float | Literal["auto"] | None = "auto"
    betas: tuple[float, float] = (0.9, 0.99)
    stops: list[int] = field(default_factory=lambda: [1, 2])
    sizes: tuple[Size, ...] = ()
    books: list[Path] = field(default_factory=list)
    said: str = "héllo"
    steps: int = field(init=False)
    """Made of the others, and so no setting."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", len(self.stops))
        if not self.betas[0] < self.betas[1]:
            raise ValueError(f"betas are {self.betas}; the second must be larger")


TYPES = {"map": "PosixPath", "walk": "Walk", "size": "Size", "betas": "tuple", "stops": "list", "sizes": "tuple"}


class Typed(Quadratic):
    name = "typed"
    settings_type = TypedSettings
    search_space = str(Path(__file__).with_name("typed_space.py"))
    run_name = "{walk}-{size}-{pace}"

    def start(self, settings: TypedSettings, data: None, context: RunContext) -> QuadraticRun:  # type: ignore[override]
        types = {name: type(value).__name__ for name, value in vars(settings).items() if name in TYPES}
        paths = [settings.map, *settings.books]
        if types != TYPES or not all(path.is_absolute() for path in paths):
            raise TypeError(f"not as they were declared: {settings}")
        return QuadraticRun(settings, context.seed)


KIND = Typed()
