"""What the runs of a controller share, and how the running model is measured for them. Does without torch."""

from dataclasses import dataclass
from pathlib import Path

from trainable.grpo.settings import GRPOSettings
from trainable.measuring.live_profile import LiveProfile, measured_part
from trainable.measuring.settings import MeasuringSettings
from trainable.measuring.store import MeasuredStore
from trainable.measuring.store_file import STORE_FILE, read_contents
from trainable.profiles.features import Features, load_features
from trainable.profiles.image_split import TRAIN, VALIDATION
from trainable.profiles.table import Profile
from trainable.profiles.workload import Workload
from trainable.settings_fields import Role, names_with, single_fields, with_values

WHERE = ("model_path", "dataset")
"""What a store tells as it was when it was made."""


@dataclass(frozen=True)
class ControllerData:
    """What is expensive to load, and shared by all runs of a process."""

    profile: Workload
    features: Features
    table: Profile | None
    """The profile itself where all is known that can be chosen in validation; None while a live one lacks cells."""


def live_data(store: MeasuredStore) -> ControllerData:
    """What runs that fill a store share.

    Raises:
        UserError: its reference samples are not measured, or it cannot be trained and validated on.
    """
    profile = LiveProfile.of_store(store)
    is_whole = store.is_complete(TRAIN) and store.is_complete(VALIDATION)
    return ControllerData(profile, load_features(profile), measured_part(store) if is_whole else None)


def measuring_settings(settings: GRPOSettings, folder: Path) -> MeasuringSettings:
    """How the running model is measured: as the store in the folder was, but for what the run says otherwise.

    Args:
        folder: of the store, which need not be there yet.

    Raises:
        UserError: the store there is damaged.
    """
    assert settings.model_path
    assert settings.dataset
    of_both = single_fields(MeasuringSettings).keys() & {*names_with(Role.DATA, GRPOSettings), "trust_remote_code"}
    given = {name: value for name in of_both if (value := getattr(settings, name)) is not None}
    if settings.results_dir:
        given["latency_profile"] = settings.results_dir
    recorded = dict(read_contents(folder).settings) if (folder / STORE_FILE).exists() else {}
    here = MeasuringSettings(model_path=settings.model_path, dataset=settings.dataset, output=str(folder))
    return with_values(here, {name: value for name, value in (recorded | given).items() if name not in WHERE})
