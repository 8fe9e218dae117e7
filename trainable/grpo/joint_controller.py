"""GRPO on the joint controller, as the kind of run that a sweep can choose. Importing it is cheap."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.settings import LIVE, GRPOSettings
from trainable.profiles.budget_points import FRONTIER, IN_BUDGET
from trainable.runs import DataDescription, Judged, Metric, RunContext, RunKind, WorkerContext

if TYPE_CHECKING:
    from trainable.grpo.controller_data import ControllerData
    from trainable.grpo.live_environment import RunningModel
    from trainable.grpo.run import GRPORun


LATENCIES_DIFFER = 1e-5
"""By this part at least: the policy sees a budget's logarithm, and in float32 closer ones are one."""

OF_LIVE = (
    Metric(contract.PERF_CELLS_MEASURED, "cells measured in the epoch"),
    Metric(contract.PERF_CELLS_REUSED, "cells that the store had"),
)
NOT_WHOLE = (
    "no baselines and no gap to the oracle until every training and validation cell is measured (profile_model.py "
    "measures the rest)"
)


class JointController(RunKind):
    name = "joint_controller"
    settings_type = GRPOSettings
    search_space = "joint_controller"
    run_name = "grpo-g{group_size}-lr{lr:.3g}-{created}"
    objective = contract.VAL_IN_BUDGET_ACCURACY
    train_script = "trainable/train_joint_controller.py"
    evaluate_script = "trainable/evaluate.py"
    precisions = contract.PRECISIONS
    metrics = (
        Metric(contract.VAL_IN_BUDGET_ACCURACY, "in-budget accuracy", "max"),
        Metric(contract.VAL_ACCURACY_MEAN, "accuracy", "max"),
        Metric(contract.VAL_REWARD_MEAN, "reward", "max"),
        Metric(contract.VAL_LATENCY_MEAN, "latency (ms)", "min"),
        Metric(contract.VAL_VIOLATION_RATE, "budget violation rate", "min"),
        Metric(contract.VAL_ORACLE_GAP, "gap to the oracle", "min"),
        Metric(contract.TRAIN_REWARD_MEAN, "training reward", "max"),
        Metric(contract.TRAIN_ACCURACY_MEAN, "training accuracy", "max"),
        Metric(contract.TRAIN_LOSS, "loss"),
        Metric(contract.TRAIN_REWARD_STD, "training reward's deviation"),
        Metric(contract.TRAIN_ACCURACY_STD, "training accuracy's deviation"),
        Metric(contract.TRAIN_LATENCY_MEAN, "training latency (ms)"),
        Metric(contract.TRAIN_LATENCY_STD, "training latency's deviation (ms)"),
        Metric(contract.TRAIN_VIOLATION_RATE, "training budget violation rate"),
        Metric(contract.TRAIN_ENTROPY, "entropy"),
        Metric(contract.TRAIN_ZERO_VARIANCE_GROUPS, "groups without a difference"),
        Metric(contract.PERF_SAMPLES_PER_SECOND, "samples per second"),
        Metric(contract.PERF_PEAK_GPU_MEMORY_MB, "peak GPU memory (MB)"),
    )
    trade_off = contract.VAL_VIOLATION_RATE
    figures = (FRONTIER, IN_BUDGET)
    wandb_project = "molmo-controller"

    def prepare(self, settings: GRPOSettings) -> "ControllerData":
        from trainable.grpo.controller_data import ControllerData, live_data, measuring_settings
        from trainable.profiles.features import load_features
        from trainable.profiles.reading import read_profile

        if settings.environment == LIVE:
            from trainable.measuring.preparing import prepare_in_child

            data = live_data(prepare_in_child(measuring_settings(settings, settings.profile)))
        else:
            profile = read_profile(settings.profile, settings.dataset_names)
            features = load_features(profile, settings.model_path, settings.trust_remote_code)
            data = ControllerData(profile, features, profile)
        low, high = data.profile.budget_range_ms
        if math.isclose(low, high, rel_tol=LATENCIES_DIFFER):
            raise UserError(
                f"profile {data.profile.results_dir}: the 5th and the 95th percentile of its training latencies are "
                f"both {low:g} ms, so there is no latency to trade; measure configurations that differ"
            )
        least, largest = settings.latency_budget_min or low, settings.latency_budget_max or high
        if least > largest:
            raise UserError(
                f"latency budgets from {least:g} to {largest:g} ms: the range is empty "
                f"(the profile's own is {low:.4g} to {high:.4g} ms); change --latency_budget_min or "
                "--latency_budget_max"
            )
        return data

    def describe(self, settings: GRPOSettings, data: "ControllerData") -> DataDescription:
        from trainable.profiles.baselines import baselines, missing_baselines
        from trainable.profiles.image_split import VALIDATION

        profile, table = data.profile, data.table
        low, high = profile.budget_range_ms
        missing = missing_baselines(table, VALIDATION) if table else NOT_WHOLE
        summary = "; ".join(filter(None, (profile.describe(), f"budgets {low:.4g} to {high:.4g} ms", missing)))
        return DataDescription(
            summary,
            profile.fingerprint,
            baselines(table, VALIDATION) if table else (),
            data.features.content,
            (*_of_each_dataset(self.metrics, profile.datasets), *(OF_LIVE if settings.environment == LIVE else ())),
        )

    def load(self, settings: GRPOSettings, context: WorkerContext) -> "RunningModel | None":
        if settings.environment != LIVE:
            return None
        from trainable.grpo.live_environment import RunningModel

        return RunningModel(settings, context.devices[0])

    def start(self, settings: GRPOSettings, data: "ControllerData", context: RunContext) -> "GRPORun":
        from trainable.grpo.run import GRPORun

        return GRPORun(settings, data, context.seed, context.devices[0], context.loaded, context.precision)

    def test(
        self, settings: GRPOSettings, data: "ControllerData", context: WorkerContext, checkpoint: Path
    ) -> Judged | None:
        from trainable.grpo.on_test_data import judged_on_test_split

        return judged_on_test_split(settings, data, checkpoint)


def _of_each_dataset(metrics: Sequence[Metric], datasets: Sequence[str]) -> tuple[Metric, ...]:
    """Those that validation has of each of several datasets too."""
    return tuple(
        Metric(contract.dataset_metric(metric.name, dataset), f"{metric.title} on {dataset}")
        for dataset in (datasets if len(datasets) > 1 else ())
        for metric in metrics
        if metric.name in contract.OF_EACH_DATASET
    )


KIND = JointController()
