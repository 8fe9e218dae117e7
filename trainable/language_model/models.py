"""Language models and their tokenizers: loaded from a folder or a hub name, and told apart by what they are."""

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from trainable.contract import SettingError

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class LanguageModel:
    """A model on the CPU, as it came: what trains takes a copy."""

    model: Any
    """A PreTrainedModel."""
    tokenizer: "PreTrainedTokenizerBase"


def load_language_model(path: str, options: Mapping[str, Any]) -> LanguageModel:
    """A causal language model and its tokenizer, as transformers loads them.

    Args:
        options: what --trl says: of it `model_init_kwargs` and `trust_remote_code` are of the model.

    Raises:
        SettingError: it cannot be loaded, or cannot be trained with GRPO.
    """
    import safetensors
    from transformers import AutoModelForCausalLM, AutoTokenizer

    trusted = options.get("trust_remote_code", False)
    arguments = {"dtype": torch.float32, "trust_remote_code": trusted, **options.get("model_init_kwargs", {})}
    try:
        model = AutoModelForCausalLM.from_pretrained(path, **arguments)
        tokenizer = AutoTokenizer.from_pretrained(
            path, padding_side="left", truncation_side="left", trust_remote_code=trusted
        )
    except (OSError, ValueError, KeyError, ImportError, safetensors.SafetensorError) as error:
        said = " ".join(str(error).split())
        raise SettingError(
            "model_path", f" {path}: transformers loads no causal language model from it ({said:.300})"
        ) from error
    if tokenizer.eos_token_id is None:
        raise SettingError(
            "model_path", f" {path}: its tokenizer has no token that ends a text (eos_token); give it one"
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token  # as TRL does
    return LanguageModel(model, tokenizer)


def digest_of_model(language_model: LanguageModel) -> str:
    """What tells one model with its tokenizer from another, wherever it lies."""
    digest = hashlib.sha256(type(language_model.model).__name__.encode())
    for name, tensor in sorted(language_model.model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.contiguous().view(torch.uint8).numpy())
    tokenizer = language_model.tokenizer
    digest.update(json.dumps(tokenizer.get_vocab(), sort_keys=True).encode())
    digest.update(json.dumps([tokenizer.chat_template, tokenizer.eos_token_id], sort_keys=True).encode())
    return digest.hexdigest()


def in_words(language_model: LanguageModel) -> str:
    """What model it is: 'Qwen2ForCausalLM, 0.21 million parameters'."""
    parameters = sum(parameter.numel() for parameter in language_model.model.parameters())
    return f"{type(language_model.model).__name__}, {parameters / 1e6:.3g} million parameters"


def end_tokens(language_model: LanguageModel) -> list[int]:
    """Those that end a completion: the model's and the tokenizer's."""
    of_model = language_model.model.generation_config.eos_token_id
    of_model = [of_model] if isinstance(of_model, int) else list(of_model or [])
    return sorted({*of_model, int(language_model.tokenizer.eos_token_id)})


def prompt_tokens(
    tokenizer: "PreTrainedTokenizerBase", prompts: Sequence[Any], chat_template_options: Mapping[str, Any] | None
) -> list[list[int]]:
    """Prompts as the model reads them: texts as they are, chat messages through the tokenizer's template.

    Raises:
        SettingError: the tokenizer has no template, or it does not take these messages.
    """
    from jinja2 import TemplateError

    read: Any
    if isinstance(prompts[0], str):
        read = tokenizer(list(prompts))
    else:
        options = {
            "add_generation_prompt": True,
            "tokenize": True,
            "return_dict": True,
            **(chat_template_options or {}),
        }
        try:
            read = tokenizer.apply_chat_template(list(prompts), **options)
        except (TemplateError, TypeError, ValueError) as error:
            said = " ".join(str(error).split())
            raise SettingError(
                "model_path",
                f" {tokenizer.name_or_path}: its tokenizer makes no text of the task's chat messages ({said:.200})",
            ) from error
    return list(read["input_ids"])


def require_fitting(language_model: LanguageModel, prompts: Sequence[Sequence[int]], most_tokens: int) -> None:
    """Refuse prompts that the model cannot read, or not with a completion of so many tokens behind them.

    Raises:
        SettingError: it names the model.
    """
    where = f" {language_model.tokenizer.name_or_path}"
    if not all(prompts):
        raise SettingError("model_path", f"{where}: its tokenizer makes no token of a prompt; is it this model's own?")
    known = language_model.model.get_input_embeddings().num_embeddings
    largest = max(map(max, prompts))
    if largest >= known:
        raise SettingError(
            "model_path", f"{where}: its tokenizer gives token {largest}, and the model knows {known}; is it its own?"
        )
    longest = max(map(len, prompts))
    room = getattr(language_model.model.config.get_text_config(), "max_position_embeddings", None)
    if room and longest + most_tokens > room:
        raise SettingError(
            "model_path",
            f"{where}: it reads {room} tokens, and the task's longest prompt of {longest} with a completion of "
            f"{most_tokens} is more; shorten one",
        )


@torch.no_grad()
def greedy_completions(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    most_tokens: int,
    batch_size: int,
    end_tokens: Sequence[int],
    pad_token: int,
) -> list[list[int]]:
    """The likeliest next token, again and again: what the model completes each prompt with, its end token included.

    Prompts of like lengths are completed together, and padded on the left.
    """
    from transformers import GenerationConfig

    config = GenerationConfig(
        do_sample=False, num_beams=1, repetition_penalty=1.0, max_new_tokens=most_tokens, use_cache=True,
        eos_token_id=list(end_tokens), pad_token_id=pad_token, disable_compile=True,
    )  # fmt: skip
    by_length = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), index))
    completions: dict[int, list[int]] = {}
    with _generating(model, config):
        for start in range(0, len(by_length), batch_size):
            batch = by_length[start : start + batch_size]
            width = max(len(prompts[index]) for index in batch)
            padded = [[pad_token] * (width - len(prompts[index])) + list(prompts[index]) for index in batch]
            attended = [[0] * (width - len(prompts[index])) + [1] * len(prompts[index]) for index in batch]
            given = {"input_ids": padded, "attention_mask": attended}
            tensors = {name: torch.tensor(rows, device=model.device) for name, rows in given.items()}
            generated = model.generate(**tensors, generation_config=config)  # [batch, width + most_tokens at most]
            for index, tokens in zip(batch, generated[:, width:].tolist(), strict=True):
                completions[index] = _until_end(tokens, end_tokens)
    return [completions[index] for index in range(len(prompts))]


def _until_end(tokens: list[int], end_tokens: Sequence[int]) -> list[int]:
    end = next((place for place, token in enumerate(tokens) if token in end_tokens), len(tokens) - 1)
    return tokens[: end + 1]


@contextmanager
def _generating(model: Any, config: Any) -> Iterator[None]:
    """Without dropout, and without what the model's own configuration of generation would fill in."""
    was_training, own_config = model.training, model.generation_config
    model.eval()
    model.generation_config = config
    try:
        yield
    finally:
        model.generation_config = own_config
        model.train(was_training)


def read_lora_fields(file: Path, language_model: LanguageModel) -> dict[str, Any]:
    """The fields of peft's LoraConfig in a JSON or YAML file.

    Args:
        language_model: gets such adapters, which shows whether they fit.

    Raises:
        SettingError: it is no such file, or peft refuses what is in it.
    """
    import yaml
    from peft import get_peft_model

    try:
        fields = yaml.safe_load(file.read_text(encoding="utf-8"))  # JSON is YAML
        if not isinstance(fields, dict):
            raise ValueError("it must be a mapping from the fields of LoraConfig to values")
        json.dumps(fields)
        get_peft_model(language_model.model, lora_config(fields))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise SettingError("peft_config", f" {file}: {said:.300}; give the fields of peft's LoraConfig") from None
    return fields


def lora_config(fields: Mapping[str, Any]) -> "PeftConfig":
    from peft import LoraConfig

    return LoraConfig(**{"task_type": "CAUSAL_LM", **fields})


def be_quiet() -> None:
    """No progress bars and no advice from the libraries: the sweep shows how it goes."""
    import datasets
    import huggingface_hub
    import transformers

    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|trl|peft)\.")  # of each other
    datasets.disable_progress_bars()
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    huggingface_hub.logging.set_verbosity_error()
