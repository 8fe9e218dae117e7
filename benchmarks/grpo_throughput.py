"""Samples per second of our GRPO training, beside the per-sample loop it replaces and what the machine can do at all.

python benchmarks/grpo_throughput.py            the table of docs/throughput.md, 3 minutes on two cores

At the original's sizes: 2048 language and 768 vision features, 1.5 million parameters, groups of 5, 75 configurations.
All on the same data, in one process per number of threads, interleaved; each figure is the median of its repetitions.

(a) per sample   as the original trains: batch 1, one forward of the policy per member of the group, a Python loop
(b) ours         the same maths, one forward per sample, at our defaults and the batch size in the table
(c) floor        the matrix products of (b)'s forward and backward, and nothing else
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainable.grpo.controller_data import ControllerData
from trainable.grpo.policy import Policy
from trainable.grpo.recipes import fixed_penalty_reward
from trainable.grpo.run import GRPORun
from trainable.grpo.settings import GRPOSettings
from trainable.profiles.features import Features
from trainable.profiles.files import KNOB_NAMES, SampleKey
from trainable.profiles.image_split import TRAIN, VALIDATION, split_of_image
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.table import Profile
from trainable.runs import WorkerContext
from trainable.torch_process import set_up_torch

LANGUAGE, VISION, HIDDEN, LAYERS = 2048, 768, 400, 2
GROUP = 5
GRID = KnobGrid(KNOB_NAMES, (("low", "medium", "high"), (4, 6, 8, 10, 12), (8, 10, 12, 14, 16)))
TRAINING, VALIDATING = 4096, 256
BATCHES = (1, 16, 256)
PER_SAMPLE_STEPS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--device", help="measure this one alone, in this process")
    wanted = parser.parse_args()
    if wanted.device:
        measure(wanted.device, wanted.threads[0], wanted.repetitions)
        return
    print("| device | batch | (a) per sample | (b) ours | (c) floor | b / a | c / b |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    devices = [("cpu", threads) for threads in wanted.threads] + ([("cuda", 1)] if torch.cuda.is_available() else [])
    for device, threads in devices:
        command = [sys.executable, __file__, "--device", device, "--threads", str(threads)]
        subprocess.run([*command, "--repetitions", str(wanted.repetitions)], check=True)


def measure(device: str, threads: int, repetitions: int) -> None:
    """Print a line per batch size."""
    set_up_torch(WorkerContext(threads, (device,), memory_share=1.0))
    data = synthetic_data()
    runs = {batch: GRPORun(settings(batch), data, 0, device) for batch in BATCHES}
    floors = {batch: floor(batch, device) for batch in BATCHES}
    per_sample = PerSampleLoop(data, device)
    figures: dict[tuple[str, int], list[float]] = {}
    for repetition in range(repetitions + 1):  # the first one warms up
        measured = {("a", 1): rate(per_sample.steps, PER_SAMPLE_STEPS, device)}
        for batch in BATCHES:
            samples = min(TRAINING, 200 * batch)
            measured["b", batch] = rate(lambda batch=batch, n=samples: train(runs[batch], n), samples, device)
            measured["c", batch] = rate(lambda batch=batch: floors[batch](), batch * FLOOR_STEPS, device)
        if repetition:
            for key, value in measured.items():
                figures.setdefault(key, []).append(value)
    medians = {key: statistics.median(values) for key, values in figures.items()}
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {threads} thread{'s' * (threads > 1)}"
    a = medians["a", 1]
    for batch in BATCHES:
        b, c = medians["b", batch], medians["c", batch]
        print(f"| {name} | {batch} | {a:,.0f} | {b:,.0f} | {c:,.0f} | {b / a:,.1f} | {c / b:,.2f} |", flush=True)


def rate(work: Callable[[], None], samples: int, device: str) -> float:
    """Samples per second."""
    began = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return samples / (time.perf_counter() - began)


def settings(batch: int) -> GRPOSettings:
    return GRPOSettings(batch_size=batch, group_size=GROUP, hidden_size=HIDDEN, num_layers=LAYERS)


def synthetic_data() -> ControllerData:
    random = np.random.default_rng(0)
    samples, configurations = TRAINING + VALIDATING, len(GRID.configurations)
    profile = Profile(
        Path(tempfile.gettempdir()),
        GRID,
        tuple(
            SampleKey("synthetic", image, "0") for image in [*images(TRAIN, TRAINING), *images(VALIDATION, VALIDATING)]
        ),
        ("",) * samples,
        (random.random((samples, configurations)) < 0.3 + 0.4 * GRID.complexity).astype(np.float32),
        (170 + 210 * GRID.complexity * random.uniform(0.8, 1.2, (samples, configurations))).astype(np.float32),
    )
    features = random.standard_normal((samples, LANGUAGE + VISION), dtype=np.float32)
    mean, std = np.zeros(LANGUAGE + VISION, dtype=np.float32), np.ones(LANGUAGE + VISION, dtype=np.float32)
    return ControllerData(profile, Features(features, LANGUAGE, "made up", mean, std), profile)


def images(split: int, count: int) -> Iterator[str]:
    """The first image ids that the hash puts into a split."""
    of_split = (str(image) for image in itertools.count() if split_of_image(image) == split)
    return itertools.islice(of_split, count)


def train(run: GRPORun, samples: int) -> None:
    """As many samples of an epoch, without the validation after it."""
    generator = torch.Generator(run._device).manual_seed(0)
    run._policy.train()
    for batch in run._training[:samples].split(run._settings.batch_size):
        run._train_batch(batch, generator)


class PlainPolicy(Policy):
    """The same network as one would write it down, every gradient left to autograd."""

    def forward(self, features: Tensor, budget_ms: Tensor) -> list[Tensor]:
        hidden = self.trunk(torch.cat([self.input_dropout(features), self.budget_encoding(budget_ms)], dim=1))
        return [head(hidden) for head in self.heads]


class PerSampleLoop:
    """The original's step: for one sample, draw each member of its group with a forward of its own, then one update."""

    def __init__(self, data: ControllerData, device: str) -> None:
        self._device = device
        self._features = torch.tensor(data.features.raw, device=device)
        self._accuracy = torch.tensor(data.profile.accuracy, device=device)
        self._latency_ms = torch.tensor(data.profile.latency_ms, device=device)
        self._range_ms = data.profile.budget_range_ms
        self._policy = PlainPolicy(LANGUAGE + VISION, GRID.sizes, self._range_ms, HIDDEN, LAYERS, dropout=0.1).to(
            device
        )
        self._optimizer = torch.optim.AdamW(self._policy.parameters(), lr=1e-4, weight_decay=0.1)
        self._next = 0

    def steps(self) -> None:
        for _ in range(PER_SAMPLE_STEPS):
            self._step(self._next % TRAINING)
            self._next += 1

    def _step(self, sample: int) -> None:
        low, high = self._range_ms
        budget_ms = low + (high - low) * torch.rand(1, device=self._device)
        features = self._features[sample : sample + 1]
        log_probabilities, rewards = [], []
        for _ in range(GROUP):
            heads = [torch.distributions.Categorical(logits=logits) for logits in self._policy(features, budget_ms)]
            chosen = [head.sample() for head in heads]
            log_probabilities.append(sum(head.log_prob(value) for head, value in zip(heads, chosen, strict=True)))
            index = int(np.ravel_multi_index([int(value) for value in chosen], GRID.sizes))
            accuracy, latency_ms = self._accuracy[sample, index], self._latency_ms[sample, index]
            rewards.append(fixed_penalty_reward(accuracy, latency_ms, budget_ms, accuracy, 10.0))
        reward = torch.stack(rewards).flatten()  # [G]
        advantages = reward - reward.mean()
        loss = -(advantages * torch.stack(log_probabilities).flatten()).mean()
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._policy.parameters(), 1.0)
        self._optimizer.step()


FLOOR_STEPS = 20


def floor(batch: int, device: str) -> Callable[[], None]:
    """The matrix products of one update: forward, gradient of the weights, and of the inputs where they are learnt."""
    shapes = [(LANGUAGE + VISION + HIDDEN, HIDDEN, HIDDEN)] + [(HIDDEN, HIDDEN, HIDDEN)] * (LAYERS - 1)
    shapes += [(HIDDEN, HIDDEN, HIDDEN), (HIDDEN, sum(GRID.sizes), HIDDEN)]  # the budget's encoding, the heads
    layers: list[tuple[Tensor, Tensor, Tensor, int]] = []
    for width_in, width_out, learnt_inputs in shapes:
        inputs = torch.randn(batch, width_in, device=device)
        weight = torch.randn(width_in, width_out, device=device)
        layers.append((inputs, weight, torch.randn(batch, width_out, device=device), learnt_inputs))

    def products() -> None:
        for _ in range(FLOOR_STEPS):
            for inputs, weight, gradient, learnt_inputs in layers:
                torch.mm(inputs, weight)
                torch.mm(inputs.T, gradient)
                torch.mm(gradient, weight[:learnt_inputs].T)

    return products


if __name__ == "__main__":
    main()
