"""What a sweep costs a training: the same GRPO of a language model in a plain TRL script and in a sweep, side by side.

    python benchmarks/run_overhead.py > run_overhead.md

examples/arithmetic, every completion at full length so that luck decides no time. Both train, judge the validation
prompts by greedy decoding and write a checkpoint in every epoch; the sweep, of one trial, also records for TensorBoard
and W&B (offline). Each runs in a process of its own, in turn, several rounds, on one thread.

Both call the task's reward once a step, and it notes the CPU time of the process that trains, the first epoch left out.
The whole tree's CPU time is read when a note is seen: in a sweep the driver and Ray's own processes are in it, some of
which work by the clock, so on a busy machine, where an epoch takes long, they take more of it.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from processes import cpu_seconds, process_tree

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "arithmetic"
STEPS, PROMPTS, GENERATIONS, TOKENS = 10, 8, 8, 18
"""Of an epoch; of a step; of a prompt; of a completion."""
PLAIN, SWEEP = VARIANTS = ("plain script", "sweep")
JUDGED_TOGETHER = 64
"""As the sweep does."""
SECONDS_BETWEEN_LOOKS = 0.2

TASK = """
import os, time
import arithmetic
from arithmetic import *

def noted(completions, **columns):
    with open({notes!r}, "a", encoding="utf-8") as file:
        file.write(f"{{os.getpid()}} {{time.process_time()}}\\n")
    return arithmetic.correct(completions, **columns)

REWARDS = {{"correct": noted}}
DEFAULTS = {{"lr": 1e-7}}
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds an epoch."""

    training: float
    """Of the process that trains."""
    everything: float
    """Of the whole process tree."""


def train_plainly(folder: Path, model_path: str, epochs: int) -> None:
    """As TRL's own guide does it, and a judgement by greedy decoding."""
    import torch
    from datasets import Dataset
    from noted import REWARDS, TOKEN_BUDGETS, TRAINING, VALIDATION, is_correct
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    torch.set_num_threads(1)

    def over_budget(completion_ids, **_):
        return [sum(max(0, len(ids) - b) / b for b in TOKEN_BUDGETS) / len(TOKEN_BUDGETS) for ids in completion_ids]

    class Judging(TrainerCallback):
        def on_save(self, *_, model, processing_class, **__):
            model.eval()
            right = 0
            for start in range(0, len(VALIDATION), JUDGED_TOGETHER):
                rows = VALIDATION[start : start + JUDGED_TOGETHER]
                prompts = processing_class([row["prompt"] for row in rows], return_tensors="pt", padding=True)
                inputs = {name: prompts[name] for name in ("input_ids", "attention_mask")}
                tokens = model.generate(**inputs, max_new_tokens=TOKENS, do_sample=False)
                answers = tokens[:, inputs["input_ids"].shape[1] :]
                texts = processing_class.batch_decode(answers, skip_special_tokens=True)
                right += sum(is_correct(text, **row) for text, row in zip(texts, rows, strict=True))
            print(f"{right / len(VALIDATION):.3f} right", file=sys.stderr)

    config = GRPOConfig(
        output_dir=str(folder / "checkpoints"),
        learning_rate=1e-7,
        num_generations=GENERATIONS,
        per_device_train_batch_size=PROMPTS * GENERATIONS,
        max_completion_length=TOKENS,
        generation_kwargs={"min_new_tokens": TOKENS},
        reward_weights=[1.0, -0.5],
        max_steps=STEPS * epochs,
        logging_steps=STEPS,
        save_steps=STEPS,
        save_total_limit=2,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        report_to="none",
        disable_tqdm=True,
    )
    rows = Dataset.from_list(TRAINING)
    GRPOTrainer(model_path, [*REWARDS.values(), over_budget], config, train_dataset=rows, callbacks=[Judging()]).train()


def command_of(variant: str, folder: Path, model_path: str, epochs: int) -> list[str]:
    if variant == PLAIN:
        flags = ["--variant", variant, "--folder", str(folder), "--model_path", model_path, "--epochs", str(epochs)]
        return [sys.executable, __file__, *flags]
    flags = ["--run", "trl_grpo", "--task", str(folder / "noted.py"), "--model_path", model_path]
    flags += ["--storage_path", str(folder / "sweeps"), "--name", "overhead", "--wandb_mode", "offline"]
    flags += ["--num_samples", "1", "--num_epochs", str(epochs), "--scheduler", "none", "--replicate", "0"]
    flags += ["--steps_per_epoch", str(STEPS), "--prompts_per_step", str(PROMPTS)]
    flags += ["--trl", f'generation_kwargs={{"min_new_tokens": {TOKENS}}}']
    return [sys.executable, str(ROOT / "tune" / "run_sweep.py"), *flags]


def measure(variant: str, model_path: str, epochs: int) -> Cost:
    """One training, watched from here: from the first step of the second epoch to the first step of the last."""
    with tempfile.TemporaryDirectory() as name:
        folder, notes = Path(name), Path(name, "notes")
        shutil.copy(EXAMPLE / "task.py", folder / "arithmetic.py")
        notes.touch()
        (folder / "noted.py").write_text(TASK.format(notes=str(notes)), encoding="utf-8")
        first, last = STEPS, STEPS * (epochs - 1)
        variables = os.environ | {"WANDB_SILENT": "true"} | ({"PYTHONPATH": name} if variant == PLAIN else {})
        command = command_of(variant, folder, model_path, epochs)
        process = subprocess.Popen(command, env=variables, stdout=sys.stderr)
        of_tree: dict[int, float] = {}
        while process.poll() is None:
            done = len(training_notes(notes)) - 1
            of_tree.setdefault(done, sum(map(cpu_seconds, process_tree(process.pid))))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        of_training = training_notes(notes)
        if process.returncode or len(of_training) != STEPS * epochs:
            raise SystemExit(f"the {variant} failed with status {process.returncode} after {len(of_training)} steps")
        seen = [step for step in of_tree if first <= step <= last]
        return Cost(
            (of_training[last] - of_training[first]) / (epochs - 2),
            (of_tree[seen[-1]] - of_tree[seen[0]]) / (seen[-1] - seen[0]) * STEPS,
        )


def training_notes(notes: Path) -> list[float]:
    """CPU seconds of the process that trains, at each of its steps; whoever plans a sweep tries the reward, too."""
    lines = [line.split() for line in notes.read_text(encoding="utf-8").splitlines()]
    counted = Counter(process for process, _ in lines).most_common(1)
    return [float(seconds) for process, seconds in lines if process == counted[0][0]]


def table(costs: dict[str, list[Cost]]) -> str:
    lines = ["| CPU seconds an epoch | of the process that trains | of all processes |", "| --- | --- | --- |"]
    for variant in VARIANTS:
        cells = [in_words([getattr(cost, name) for cost in costs[variant]]) for name in ("training", "everything")]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    pairs = list(zip(costs[SWEEP], costs[PLAIN], strict=True))
    ratios = [
        f"{statistics.median(getattr(swept, name) / getattr(plain, name) for swept, plain in pairs):.3f}"
        for name in ("training", "everything")
    ]
    return "\n".join([*lines, f"| ratio, median of the rounds | {' | '.join(ratios)} |"])


def in_words(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8, help="at least 3: the first and the last are not measured")
    parser.add_argument("--variant", choices=[PLAIN], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--model_path", help="(default: the example's own)")
    wanted = parser.parse_args()
    if wanted.variant:
        train_plainly(wanted.folder, wanted.model_path, wanted.epochs)
        return
    sys.path.insert(0, str(EXAMPLE))
    from task import model

    model_path = wanted.model_path or str(model())
    costs: dict[str, list[Cost]] = {variant: [] for variant in VARIANTS}
    for number in range(wanted.rounds):
        for variant in VARIANTS if number % 2 == 0 else reversed(VARIANTS):
            costs[variant].append(measure(variant, model_path, wanted.epochs))
            print(f"{variant}: {costs[variant][-1]}", file=sys.stderr)
    print(table(costs))


if __name__ == "__main__":
    main()
