"""What the runs of a controller share. The driver, which reads it, does without torch."""

from dataclasses import dataclass

from trainable.profiles.features import Features
from trainable.profiles.table import Profile


@dataclass(frozen=True)
class ControllerData:
    """What is expensive to load, and shared by all runs of a process."""

    profile: Profile
    features: Features
