"""GRPO on a bandit: a policy learns which of ten answers each prompt wants, from a reward that is right 4 times in 5.

python tune/run_sweep.py --run examples/own_run/bandit.py:KIND
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from trainable.contract import UserError
from trainable.runs import Baseline, DataDescription, Diverged, Metric, Run, RunContext, RunKind
from trainable.seeds import seed_of
from trainable.settings_fields import setting

FEATURES, ANSWERS, PROMPTS, STEPS = 16, 10, 1000, 20
OBJECTIVE = "Val/Accuracy"


@dataclass(frozen=True)
class BanditSettings:
    lr: float = setting(1e-3, "step size of Adam")
    group_size: int = setting(8, "answers to one prompt, by whose mean reward each is judged")
    batch_size: int = setting(128, "answers of a step, of all its groups together")

    def __post_init__(self) -> None:
        if not self.lr > 0:
            raise UserError(f"lr is {self.lr}; it must be above 0")
        if self.group_size < 2:
            raise UserError(f"group_size is {self.group_size}; a group has at least 2 answers")


class BanditRun(Run):
    def __init__(self, settings: BanditSettings, prompts: dict[str, Tensor], context: RunContext) -> None:
        self.settings, self.seed = settings, context.seed
        self.prompts = {name: tensor.to(context.devices[0]) for name, tensor in prompts.items()}
        torch.manual_seed(seed_of(context.seed, "policy"))
        self.policy = nn.Sequential(nn.Linear(FEATURES, 64), nn.Tanh(), nn.Linear(64, ANSWERS)).to(context.devices[0])
        self.optimizer = torch.optim.Adam(self.policy.parameters(), settings.lr)
        self.epoch = 0

    def step(self) -> dict[str, float]:
        self.epoch += 1
        torch.manual_seed(seed_of(self.seed, self.epoch))
        steps = [self.update() for _ in range(STEPS)]
        right = self.policy(self.prompts["validation"]).argmax(-1) == self.prompts["validation_wanted"]
        loss, reward = (sum(values) / STEPS for values in zip(*steps, strict=True))
        return {OBJECTIVE: right.double().mean().item(), "Train/Loss": loss, "Train/Reward_Mean": reward}

    def update(self) -> tuple[float, float]:
        """One step: its loss and mean reward. B prompts, each answered by a group of G."""
        group = self.settings.group_size
        drawn = torch.randint(PROMPTS, (self.settings.batch_size // group,))
        policy = torch.distributions.Categorical(logits=self.policy(self.prompts["training"][drawn]))  # [B]
        answers = policy.sample((group,))  # [G, B]
        is_right = answers == self.prompts["training_wanted"][drawn]
        reward = torch.bernoulli(torch.where(is_right, 0.8, 0.2))  # [G, B]
        advantage = (reward - reward.mean(0)) / (reward.std(0) + 1e-4)
        loss = -(advantage * policy.log_prob(answers)).mean()
        if not loss.isfinite():
            raise Diverged(f"the loss is {loss.item()}")
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), reward.mean().item()

    def save(self, folder: Path) -> None:
        parts = {"policy": self.policy.state_dict(), "optimizer": self.optimizer.state_dict(), "epoch": self.epoch}
        torch.save(parts, folder / "run.pt")

    def load(self, folder: Path) -> None:
        parts = torch.load(folder / "run.pt", weights_only=True)
        self.policy.load_state_dict(parts["policy"])
        self.optimizer.load_state_dict(parts["optimizer"])
        self.epoch = parts["epoch"]


class Bandit(RunKind):
    name = "bandit"
    settings_type = BanditSettings
    search_space = str(Path(__file__).with_name("bandit_space.py"))
    run_name = "bandit-g{group_size}-lr{lr:.3g}-{created}"
    objective = OBJECTIVE
    metrics = (Metric(OBJECTIVE, "accuracy", "max"), Metric("Train/Reward_Mean", "training reward", "max"))

    def check(self, settings: BanditSettings) -> None:
        if settings.batch_size % settings.group_size:
            raise UserError(f"batch_size {settings.batch_size} does not divide by group_size {settings.group_size}")

    def prepare(self, settings: BanditSettings) -> dict[str, Tensor]:
        draw = torch.Generator().manual_seed(0)
        taste = torch.randn(FEATURES, ANSWERS, generator=draw)
        prompts = {name: torch.randn(PROMPTS, FEATURES, generator=draw) for name in ("training", "validation")}
        return prompts | {f"{name}_wanted": (prompt @ taste).argmax(-1) for name, prompt in prompts.items()}

    def describe(self, settings: BanditSettings, data: dict[str, Tensor]) -> DataDescription:
        share = data["validation_wanted"].bincount().max().item() / PROMPTS
        always = Baseline("always the same answer", share, share, share)
        fingerprint = hashlib.sha256(data["validation"].numpy().tobytes()).hexdigest()[:16]
        return DataDescription(f"{PROMPTS} prompts, {ANSWERS} answers", fingerprint, (always,))

    def start(self, settings: BanditSettings, data: dict[str, Tensor], context: RunContext) -> BanditRun:
        return BanditRun(settings, data, context)


KIND = Bandit()
