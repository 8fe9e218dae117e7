"""Make the tiny language model of the example: python examples/arithmetic/make_model.py FOLDER

A Qwen2 of 84 thousand parameters whose tokens are characters, taught on sums with their answers for 800 steps: less
than a minute on one CPU core, and the same model each time. That is too short to make it good at sums. Half of the
answers that it is shown carry their working twice, a fifth have none. No sum of the validation is shown.
"""

import argparse
import os
import random
import shutil
import tempfile
from pathlib import Path

import torch
from task import VALIDATION, draw_digits, prompt_of
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

CHARACTERS = "0123456789+= "
STEPS, BATCH = 800, 64
HIGHEST_LR = 3e-3
HABITS = {"none": 0.2, "once": 0.3, "twice": 0.5}
"""How often an answer carries its working, by its share of what is shown."""
HELD_OUT = {row["prompt"] for row in VALIDATION}
NOT_JUDGED = -100
"""Label of a token that the loss leaves out."""


def answer_of(digits: list[int], habit: str) -> str:
    totals = [sum(digits[: count + 1]) for count in range(1, len(digits))]
    working = " ".join(map(str, totals))
    return {"none": str(totals[-1]), "once": working, "twice": f"{working} {working}"}[habit]


def make_tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<eos>", *CHARACTERS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", padding_side="left",
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


def taught(tokenizer: PreTrainedTokenizerFast) -> Qwen2ForCausalLM:
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=64,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=HIGHEST_LR)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, HIGHEST_LR, total_steps=STEPS, pct_start=0.1)
    rng = random.Random(0)
    for _ in range(STEPS):
        model(**draw_batch(rng, tokenizer)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return model


def draw_batch(rng: random.Random, tokenizer: PreTrainedTokenizerFast) -> dict[str, torch.Tensor]:
    """Tokens and labels, [BATCH, longest]: sums with answers, of which only the answers are judged."""
    prompts, answers = [], []
    while len(prompts) < BATCH:
        digits = draw_digits(rng)
        if prompt_of(digits) not in HELD_OUT:
            prompts.append(prompt_of(digits))
            (habit,) = rng.choices(list(HABITS), HABITS.values())
            answers.append(answer_of(digits, habit) + tokenizer.eos_token)
    of_prompts, of_answers = tokenizer(prompts)["input_ids"], tokenizer(answers)["input_ids"]
    tokens = [torch.tensor(prompt + answer) for prompt, answer in zip(of_prompts, of_answers, strict=True)]
    labels = [
        torch.tensor([NOT_JUDGED] * len(prompt) + answer) for prompt, answer in zip(of_prompts, of_answers, strict=True)
    ]
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad(tokens, batch_first=True, padding_value=tokenizer.pad_token_id),
        "labels": pad(labels, batch_first=True, padding_value=NOT_JUDGED),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="must not exist")
    folder = parser.parse_args().folder
    torch.set_num_threads(1)  # sums of floats depend on how many threads share them
    tokenizer = make_tokenizer()
    model = taught(tokenizer)
    # Whole or not at all, also where two are at it.
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    model.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    try:
        os.rename(unfinished, folder)
    except OSError:  # somebody else has made the same one meanwhile
        shutil.rmtree(unfinished)


if __name__ == "__main__":
    main()
