"""A language model of a few thousand parameters that knows nothing yet, its tokenizer, and a task for it."""

from collections.abc import Callable
from pathlib import Path

from trainable.runs import Run

Start = Callable[..., Run]
EPOCHS = 4
"""Of a run whose learning rate follows a schedule."""

TASK = '''"""Sums of two digits below 5."""

PAIRS = [(a, b) for a in range(5) for b in range(5)]
TRAINING = VALIDATION = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a, b in PAIRS]
TOKEN_BUDGETS = (2, 4)
MAX_COMPLETION_LENGTH = 6
CONSTANT_ANSWERS = ["3", "4"]


def correct(completions, answer, **columns):
    return [float(a in c) for c, a in zip(completions, answer)]


def of_few_letters(completions, **columns):
    return [float(len(c) <= 1) for c in completions]


REWARDS = {"correct": correct, "short": of_few_letters}
WEIGHTS = {"short": 0.2}


def is_correct(completion, answer, **row):
    return completion == answer
'''


def write_tiny_model(folder: Path) -> Path:
    """Write a Qwen2 with random weights, and a tokenizer of single letters, as transformers reads them."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    letters = {letter: index for index, letter in enumerate(["<pad>", "<eos>", "<unk>", *"0123456789+="])}
    words = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    config = Qwen2Config(
        vocab_size=len(letters), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=64, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_task(folder: Path, text: str = TASK) -> Path:
    file = folder / "sums.py"
    file.write_text(text, encoding="utf-8")
    return file
