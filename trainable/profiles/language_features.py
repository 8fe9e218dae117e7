"""Language features from a model's checkpoint: the mean word embedding of a question's tokens.

Takes the tokenizer through transformers and the input embeddings from the safetensors file that holds them, so that a
model of many gigabytes costs one matrix; only where they are stored otherwise is the whole model loaded. No code of the
checkpoint's own is run unless asked.

Letters: `S` samples, `V` words, `d` the model's width.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from trainable.contract import UserError

_INPUT_EMBEDDINGS = re.compile(
    r"(.+\.)?(embed_tokens|wte|word_embeddings|tok_embeddings|embed_in|shared)(\.weight|\.embedding)"
)


def embedded_questions(
    questions: Sequence[str], model_path: str, trust_remote_code: bool
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Mean embedding of each question's tokens, float32 [S, d]; zeros for an empty question.

    And what of the checkpoint they are made of, the same on every machine, where a mean may differ in its last bits.

    Raises:
        UserError: no checkpoint there, no tokenizer in it, or one that needs code of its own.
    """
    tokenizer = _tokenizer(model_path, trust_remote_code)
    tokens = [tokenizer(question, add_special_tokens=False)["input_ids"] for question in questions]
    embeddings = _input_embeddings(model_path, trust_remote_code)  # [V, d]
    last = max((max(row) for row in tokens if row), default=0)
    if last >= len(embeddings):
        raise UserError(
            f"--model_path {model_path}: its tokenizer gives word {last}, its embeddings hold {len(embeddings)}; "
            "the tokenizer is another model's"
        )
    means = [
        embeddings[row].float().mean(dim=0) if row else torch.zeros(embeddings.shape[1], dtype=torch.float32)
        for row in tokens
    ]
    used = embeddings[sorted({token for row in tokens for token in row})]
    made_of = [np.array([token for row in tokens for token in (*row, -1)]), used.contiguous().view(torch.uint8).numpy()]
    return torch.stack(means).numpy(), made_of  # [S, d]


def _tokenizer(model_path: str, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model_path, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise unusable_checkpoint(model_path, "tokenizer", error) from None


def _input_embeddings(model_path: str, trust_remote_code: bool) -> Tensor:
    """[V, d], in the checkpoint's own precision."""
    for file in sorted(Path(model_path).glob("*.safetensors")):
        try:
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118  (safe_open is no mapping)
                    if _INPUT_EMBEDDINGS.fullmatch(name) and "vision" not in name:
                        embeddings: Tensor = tensors.get_tensor(name)
                        return embeddings
        except (SafetensorError, OSError) as error:
            raise unusable_checkpoint(model_path, file.name, error) from None
    from transformers import AutoModel

    try:
        model = AutoModel.from_pretrained(model_path, trust_remote_code=trust_remote_code)
        weight: Tensor = model.get_input_embeddings().weight.detach()
    except (OSError, ValueError, KeyError, ImportError, NotImplementedError, AttributeError) as error:
        raise unusable_checkpoint(model_path, "word embeddings", error) from None
    return weight


def unusable_checkpoint(model_path: str, what: str, error: Exception) -> UserError:
    """Of what transformers did not load from a checkpoint, and its reason."""
    if "trust_remote_code" in str(error):
        return UserError(
            f"--model_path {model_path}: its {what} needs Python code from the checkpoint; if you trust it, "
            "add --trust_remote_code"
        )
    cause = " ".join(str(error).split())[:200]
    return UserError(f"--model_path {model_path}: no usable {what} ({cause}); give a checkpoint saved by transformers")
