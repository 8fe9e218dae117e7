"""GRPO on the joint controller: the run, in plain PyTorch.

An epoch visits every training sample once, in batches; each sample gets a budget, and the policy is asked once per
(sample, budget) for the distribution from which a whole group of configurations is drawn.

Letters: `B` batch, `G` group, `C` configurations, `Q` budgets of the validation grid.
"""

import dataclasses
import math
import time
from pathlib import Path

import torch
from torch import Tensor

from trainable import contract
from trainable.grpo.advantages import group_advantages, zero_variance_groups
from trainable.grpo.checkpoint import CHECKPOINT_FILE, as_bytes, description_of_controller, load_checkpoint
from trainable.grpo.controller_data import ControllerData
from trainable.grpo.environment import Environment, ReplayEnvironment
from trainable.grpo.joint_distribution import joint_log_probabilities, sample_groups
from trainable.grpo.live_environment import LiveEnvironment, RunningModel
from trainable.grpo.loss import entropy, kl_divergence, policy_gradient_loss
from trainable.grpo.policy import Policy
from trainable.grpo.recipes import RECIPES, violated
from trainable.grpo.settings import GRPOSettings
from trainable.grpo.validation import ValidationSet, shown_choices, validate
from trainable.measuring.live_profile import LiveProfile
from trainable.profiles.baselines import ORACLE, per_sample
from trainable.profiles.budget_points import curves
from trainable.profiles.image_split import TRAIN, VALIDATION
from trainable.runs import Diverged, Run
from trainable.score_parts import Details
from trainable.seeds import seed_of
from trainable.torch_process import autocast


class GRPORun(Run):
    """One training of the joint controller, from its start or from a checkpoint."""

    def __init__(
        self,
        settings: GRPOSettings,
        data: ControllerData,
        seed: int,
        device: str,
        model: RunningModel | None = None,
        precision: str = contract.FP32,
    ) -> None:
        """
        Args:
            model: of a live environment.
            precision: of the training. Validation computes in 32 bits, as whoever judges or serves the policy does.
        """
        self._settings, self._seed, self._device = settings, seed, torch.device(device)
        self._precision = precision
        self._recipe = RECIPES[settings.recipe]

        profile = self._profile = data.profile
        self._environment = environment_of(data, model, self._device)
        self._training = torch.tensor(profile.samples(TRAIN), device=self._device)
        self._validation_set = ValidationSet.of_profile(profile, self._device)
        self._complexity = torch.tensor(profile.grid.complexity, device=self._device)  # [C]
        self._oracle = float(per_sample(data.table, VALIDATION)[ORACLE].mean()) if data.table else None
        low, high = profile.budget_range_ms
        self._budget_range_ms = (settings.latency_budget_min or low, settings.latency_budget_max or high)

        self._controller = description_of_controller(profile, data.features, self._budget_range_ms)

        self._policy = initial_policy(settings, data, seed).to(self._device)
        self._start = initial_policy(settings, data, seed).to(self._device).eval().requires_grad_(False)
        self._optimizer = torch.optim.AdamW(
            self._policy.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
        self._epoch = 0
        self._score = math.nan
        self._details: Details | None = None

    def step(self) -> dict[str, float]:
        """Train for one epoch, then validate.

        Raises:
            Diverged: a loss or a gradient is no longer finite.
        """
        self._epoch += 1
        started = time.perf_counter()
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        metrics = self._train_epoch()
        elapsed = time.perf_counter() - started
        validation = validate(self._policy, self._environment, self._validation_set, self._reward)
        metrics |= validation.metrics
        score = metrics[contract.VAL_IN_BUDGET_ACCURACY]
        if self._oracle is not None:
            metrics[contract.VAL_ORACLE_GAP] = self._oracle - score
        metrics |= self._environment.cost()
        metrics[contract.PERF_SAMPLES_PER_SECOND] = len(self._training) / elapsed
        if self._device.type == "cuda":
            metrics[contract.PERF_PEAK_GPU_MEMORY_MB] = torch.cuda.max_memory_allocated(self._device) / 2**20
        self._score = score
        self._details = Details(validation.parts, curves(validation.under_budgets))
        return metrics

    def _train_epoch(self) -> dict[str, float]:
        generator = torch.Generator(self._device).manual_seed(seed_of(self._seed, self._epoch, "samples"))
        shuffled = self._training[torch.randperm(len(self._training), generator=generator, device=self._device)]
        self._policy.train()
        batches = []
        with torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []):
            torch.manual_seed(seed_of(self._seed, self._epoch, "dropout"))
            for samples in shuffled.split(self._settings.batch_size):
                batches.append(self._train_batch(samples, generator))
        columns = {name: torch.cat([batch[name].flatten() for batch in batches]).double() for name in batches[0]}
        return {
            contract.TRAIN_LOSS: columns["loss"].mean().item(),
            contract.TRAIN_REWARD_MEAN: columns["reward"].mean().item(),
            contract.TRAIN_REWARD_STD: columns["reward"].std().item(),
            contract.TRAIN_ACCURACY_MEAN: columns["accuracy"].mean().item(),
            contract.TRAIN_ACCURACY_STD: columns["accuracy"].std().item(),
            contract.TRAIN_LATENCY_MEAN: columns["latency_ms"].mean().item(),
            contract.TRAIN_LATENCY_STD: columns["latency_ms"].std().item(),
            contract.TRAIN_VIOLATION_RATE: columns["late"].mean().item(),
            contract.TRAIN_ENTROPY: columns["entropy"].mean().item(),
            contract.TRAIN_ZERO_VARIANCE_GROUPS: columns["zero_variance"].mean().item(),
        }

    def _train_batch(self, samples: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        settings = self._settings
        low, high = self._budget_range_ms
        budgets_ms = low + (high - low) * torch.rand(len(samples), generator=generator, device=self._device)  # [B]
        features = self._environment.features(samples)  # [B, d]
        allowed = self._environment.allowed(samples)  # [B, C]

        log_probabilities = self._log_probabilities(self._policy, features, budgets_ms, allowed)  # [B, C]
        configurations = sample_groups(log_probabilities.detach(), settings.group_size, generator)  # [B, G]
        accuracy, latency_ms = self._environment.execute(samples, configurations)  # [B, G]
        reward = self._reward(accuracy, latency_ms, budgets_ms.unsqueeze(1), configurations)  # [B, G]
        advantages = group_advantages(reward, self._recipe.divide_by_std)  # [B, G]
        old = log_probabilities.detach().gather(1, configurations)  # [B, G]

        for update in range(settings.updates_per_batch):
            if update > 0:
                log_probabilities = self._log_probabilities(self._policy, features, budgets_ms, allowed)
            current = log_probabilities.gather(1, configurations)  # [B, G]
            loss = policy_gradient_loss(current, old, advantages, settings.clip_epsilon)
            loss = loss - settings.entropy_coefficient * entropy(log_probabilities).mean()
            if settings.kl_coefficient > 0:
                reference = self._log_probabilities(self._start, features, budgets_ms, allowed)
                loss = loss + settings.kl_coefficient * kl_divergence(log_probabilities, reference).mean()
            self._descend(loss)
        return {
            "loss": loss.detach(),
            "reward": reward,
            "accuracy": accuracy,
            "latency_ms": latency_ms,
            "late": violated(latency_ms, budgets_ms.unsqueeze(1)),
            "entropy": entropy(log_probabilities.detach()),
            "zero_variance": zero_variance_groups(reward),
        }

    def _log_probabilities(self, policy: Policy, features: Tensor, budgets_ms: Tensor, allowed: Tensor) -> Tensor:
        """[B, C]; the distribution and all that is computed of it are in 32 bits, also where the policy is not."""
        with autocast(self._device.type, self._precision):
            logits = policy(features, budgets_ms)
        return joint_log_probabilities([of_knob.float() for of_knob in logits], allowed)

    def _reward(self, accuracy: Tensor, latency_ms: Tensor, budgets_ms: Tensor, configurations: Tensor) -> Tensor:
        complexity = self._complexity[configurations]
        return self._recipe.reward(accuracy, latency_ms, budgets_ms, complexity, self._settings.budget_penalty)

    def _descend(self, loss: Tensor) -> None:
        self._optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._policy.parameters(), self._settings.max_grad_norm)
        if not math.isfinite((loss.detach() + norm).item()):
            raise Diverged(f"epoch {self._epoch}: loss {loss.item():g}, gradient norm {norm.item():g}")
        self._optimizer.step()

    def samples(self) -> list[dict[str, str | float]]:
        return shown_choices(self._policy, self._environment, self._validation_set, self._profile)

    def save(self, folder: Path) -> None:
        content = {
            "epoch": self._epoch,
            "score": self._score,
            "seed": self._seed,
            "settings": {**dataclasses.asdict(self._settings), "dataset_names": list(self._settings.dataset_names)},
            "policy": self._policy.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "controller": self._controller,
        }
        (folder / CHECKPOINT_FILE).write_bytes(as_bytes(content))

    def load(self, folder: Path) -> None:
        content = load_checkpoint(folder / CHECKPOINT_FILE)
        self._policy.load_state_dict(content["policy"])
        self._optimizer.load_state_dict(content["optimizer"])
        self._epoch = content["epoch"]

    def details(self) -> Details | None:
        """Its score by images, and what it achieved under each budget."""
        return self._details

    def close(self) -> None:
        del self._policy, self._start, self._optimizer, self._environment
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def environment_of(data: ControllerData, model: RunningModel | None, device: torch.device) -> Environment:
    """What executes the run's configurations.

    Args:
        model: where it is to be run.
    """
    if model:
        assert isinstance(data.profile, LiveProfile)
        return LiveEnvironment(data.profile, data.features, model, device)
    assert data.table
    return ReplayEnvironment(data.table, data.features, device)


def initial_policy(settings: GRPOSettings, data: ControllerData, seed: int) -> Policy:
    """The policy that a run starts from, on the CPU."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, "policy"))
        return Policy(
            feature_size=data.features.raw.shape[1],
            knob_sizes=data.profile.grid.sizes,
            budget_range_ms=data.profile.budget_range_ms,
            hidden_size=settings.hidden_size,
            num_layers=settings.num_layers,
            dropout=settings.dropout,
        )
