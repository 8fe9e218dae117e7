"""GRPO on the joint controller, as the kind of run that a sweep can choose. Importing it is cheap."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.settings import GRPOSettings
from trainable.profiles.budget_points import FRONTIER, IN_BUDGET
from trainable.runs import DataDescription, Metric, RunContext, RunKind

if TYPE_CHECKING:
    from trainable.grpo.controller_data import ControllerData
    from trainable.grpo.run import GRPORun


LATENCIES_DIFFER = 1e-5
"""By this part at least: the policy sees a budget's logarithm, and in float32 closer ones are one."""


class JointController(RunKind):
    name = "joint_controller"
    settings_type = GRPOSettings
    search_space = "joint_controller"
    run_name = "grpo-g{group_size}-lr{lr:.3g}-{created}"
    objective = contract.VAL_IN_BUDGET_ACCURACY
    train_script = "trainable/train_joint_controller.py"
    evaluate_script = "trainable/evaluate.py"
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
        from trainable.grpo.controller_data import ControllerData
        from trainable.profiles.features import load_features
        from trainable.profiles.reading import read_profile

        profile = read_profile(settings.profile, settings.dataset_names)
        low, high = profile.budget_range_ms
        if math.isclose(low, high, rel_tol=LATENCIES_DIFFER):
            raise UserError(
                f"profile {profile.results_dir}: the 5th and the 95th percentile of its training latencies are both "
                f"{low:g} ms, so there is no latency to trade; measure configurations that differ"
            )
        least, largest = settings.latency_budget_min or low, settings.latency_budget_max or high
        if least > largest:
            raise UserError(
                f"latency budgets from {least:g} to {largest:g} ms: the range is empty "
                f"(the profile's own is {low:.4g} to {high:.4g} ms); change --latency_budget_min or "
                "--latency_budget_max"
            )
        features = load_features(profile, settings.model_path, settings.trust_remote_code)
        return ControllerData(profile, features)

    def describe(self, settings: GRPOSettings, data: "ControllerData") -> DataDescription:
        from trainable.profiles.baselines import baselines, missing_baselines
        from trainable.profiles.image_split import VALIDATION

        profile = data.profile
        low, high = profile.budget_range_ms
        budgets = f"budgets {low:.4g} to {high:.4g} ms"
        summary = "; ".join(filter(None, (profile.describe(), budgets, missing_baselines(profile, VALIDATION))))
        return DataDescription(
            summary,
            profile.fingerprint,
            baselines(profile, VALIDATION),
            data.features.content,
            _of_each_dataset(self.metrics, profile.datasets),
        )

    def start(self, settings: GRPOSettings, data: "ControllerData", context: RunContext) -> "GRPORun":
        from trainable.grpo.run import GRPORun

        return GRPORun(settings, data, context.seed, context.devices[0])


def _of_each_dataset(metrics: Sequence[Metric], datasets: Sequence[str]) -> tuple[Metric, ...]:
    """Those that validation has of each of several datasets too."""
    return tuple(
        Metric(contract.dataset_metric(metric.name, dataset), f"{metric.title} on {dataset}")
        for dataset in (datasets if len(datasets) > 1 else ())
        for metric in metrics
        if metric.name in contract.OF_EACH_DATASET
    )


KIND = JointController()
