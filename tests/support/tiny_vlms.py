"""Vision-language models of a few thousand random weights, a real one of each family, as transformers saves them.

Each is made of its family's own configuration and processor classes and lies in a folder as a checkpoint from elsewhere
would, so that loading it is the real loading.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from trainable.vision_language_model.families.still_images import still_images

WORDS = [
    *("<unk>", "<pad>", "<eos>", "user", "assistant", "what", "which", "is", "the", "of", "in", "on", "this"),
    *("picture", "?", "red", "blue", "green", "one", "two", "three"),
]
QUESTION = "what is in this picture ?"
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %} IMAGE{% else %} {{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %}{% if add_generation_prompt %} assistant{% endif %}"
)
TEXT = {
    "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
    "max_position_embeddings": 2048, "initializer_range": 0.3, "bos_token_id": None,
    "pad_token_id": WORDS.index("<pad>"), "eos_token_id": WORDS.index("<eos>"),
}  # fmt: skip
VISION = {"hidden_size": 32, "intermediate_size": 48, "patch_size": 4, "initializer_range": 0.3}


def noise(height: int = 80, width: int = 120) -> Image.Image:
    """An image on which two sizes differ everywhere."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def write_tiny_vlm(folder: Path, family: str) -> Path:
    """Write the family's tiny checkpoint, always the same one, and its processor; the folder is given back."""
    import torch

    tokens, make = FAMILIES[family]
    tokenizer = word_tokenizer(tokens)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, processor = make(tokenizer, {token: len(WORDS) + place for place, token in enumerate(tokens)})
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def write_molmoe_stand_in(folder: Path) -> Path:
    """A checkpoint that brings its code, as MolmoE-1B does, and is no MolmoE: see molmoe_stand_in/."""
    import torch
    from molmoe_stand_in.modeling_molmoe import MolmoConfig, MolmoForCausalLM

    tokenizer = word_tokenizer(("<im_start>", "<im_patch>", "<im_end>"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MolmoForCausalLM(MolmoConfig(vocab_size=len(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in (Path(__file__).parent / "molmoe_stand_in").glob("*.py"):
        shutil.copy(file, folder)
    of_model = {"AutoConfig": "modeling_molmoe.MolmoConfig", "AutoModelForCausalLM": "modeling_molmoe.MolmoForCausalLM"}
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": of_model}), encoding="utf-8")
    of_processor = {
        "AutoProcessor": "preprocessing_molmo.MolmoProcessor",
        "AutoImageProcessor": "preprocessing_molmo.MolmoImageProcessor",
    }
    settings = {"auto_map": of_processor, "image_processor_type": "MolmoImageProcessor", "max_crops": 12}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def word_tokenizer(special: tuple[str, ...]) -> Any:
    """One token a word; the family's placeholders follow the words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: place for place, word in enumerate([*WORDS, *special])}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", pad_token="<pad>", eos_token="<eos>",
        additional_special_tokens=list(special),
    )  # fmt: skip


def qwen3_vl_moe(tokenizer: Any, ids: dict[str, int]) -> tuple[Any, Any]:
    """Five text blocks, the first two of which DeepStack feeds; a router in each, 4 of 8 experts."""
    from transformers import Qwen2VLImageProcessorPil, Qwen3VLMoeConfig, Qwen3VLMoeForConditionalGeneration
    from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor

    config = Qwen3VLMoeConfig(
        text_config=TEXT | {
            "vocab_size": len(tokenizer), "num_hidden_layers": 5, "num_experts": 8, "num_experts_per_tok": 4,
            "moe_intermediate_size": 16,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 2, 2]},
        },
        vision_config=VISION | {
            "depth": 3, "num_heads": 2, "out_hidden_size": 32, "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 1],
        },
        image_token_id=ids["<|image_pad|>"], video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"], vision_end_token_id=ids["<|vision_end|>"],
    )  # fmt: skip
    images = Qwen2VLImageProcessorPil(patch_size=4, size={"shortest_edge": 256, "longest_edge": 2**20})
    template = TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    processor = still_images(Qwen3VLProcessor)(image_processor=images, tokenizer=tokenizer, chat_template=template)
    return Qwen3VLMoeForConditionalGeneration(config), processor


def glm4v_moe(tokenizer: Any, ids: dict[str, int]) -> tuple[Any, Any]:
    """Five text blocks; the first has no router, the others choose 4 of 16 experts in the best 2 of 4 groups."""
    from transformers import Glm4vImageProcessorPil, Glm4vMoeConfig, Glm4vMoeForConditionalGeneration
    from transformers.models.glm4v.processing_glm4v import Glm4vProcessor

    config = Glm4vMoeConfig(
        text_config=TEXT | {
            "vocab_size": len(tokenizer), "num_hidden_layers": 5, "first_k_dense_replace": 1, "n_routed_experts": 16,
            "n_group": 4, "topk_group": 2, "num_experts_per_tok": 4, "moe_intermediate_size": 16,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]},
        },
        vision_config=VISION | {"depth": 2, "num_heads": 2, "out_hidden_size": 32, "image_size": 32},
        image_token_id=ids["<|image|>"], video_token_id=ids["<|video|>"],
        image_start_token_id=ids["<|begin_of_image|>"], image_end_token_id=ids["<|end_of_image|>"],
        video_start_token_id=ids["<|begin_of_video|>"], video_end_token_id=ids["<|end_of_video|>"],
    )  # fmt: skip
    images = Glm4vImageProcessorPil(patch_size=4, size={"shortest_edge": 256, "longest_edge": 2**21})
    template = TEMPLATE.replace("IMAGE", "<|begin_of_image|><|image|><|end_of_image|>") + (
        "{% if enable_thinking is defined and not enable_thinking %} three{% endif %}"  # GLM's is <think></think>
    )
    processor = still_images(Glm4vProcessor)(image_processor=images, tokenizer=tokenizer, chat_template=template)
    return Glm4vMoeForConditionalGeneration(config), processor


def llava_onevision(tokenizer: Any, ids: dict[str, int]) -> tuple[Any, Any]:
    """Four dense text blocks; an image is seen whole and in up to nine tiles of 16 x 16 pixels."""
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessorPil,
        LlavaOnevisionProcessor,
    )

    pinpoints = [[16 * rows, 16 * columns] for rows in (1, 2, 3) for columns in (1, 2, 3)]
    config = LlavaOnevisionConfig(
        text_config={key: value for key, value in TEXT.items() if key != "head_dim"} | {
            "model_type": "qwen2", "vocab_size": len(tokenizer), "num_hidden_layers": 4,
        },
        vision_config={
            "model_type": "siglip_vision_model", "image_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
            "vision_use_head": False, "hidden_size": 32, "intermediate_size": 48, "patch_size": 4,
        },
        image_token_index=ids["<image>"], video_token_index=ids["<video>"], image_grid_pinpoints=pinpoints,
    )  # fmt: skip
    images = LlavaOnevisionImageProcessorPil(size={"height": 16, "width": 16}, image_grid_pinpoints=pinpoints)
    processor = still_images(LlavaOnevisionProcessor)(
        image_processor=images, tokenizer=tokenizer, num_image_tokens=16, vision_feature_select_strategy="full",
        chat_template=TEMPLATE.replace("IMAGE", "<image>"),
    )  # fmt: skip
    return LlavaOnevisionForConditionalGeneration(config), processor


def llama4(tokenizer: Any, ids: dict[str, int]) -> tuple[Any, Any]:
    """Four text blocks, each with 2 of 4 experts; without its processor, which needs torchvision."""
    from transformers import Llama4Config, Llama4ForConditionalGeneration

    config = Llama4Config(
        text_config=TEXT | {
            "vocab_size": len(tokenizer), "num_hidden_layers": 4, "num_local_experts": 4, "num_experts_per_tok": 2,
            "intermediate_size_mlp": 48,
        },
        vision_config=VISION | {
            "image_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vision_output_dim": 32,
            "intermediate_size": 128, "projector_input_dim": 32, "projector_output_dim": 32,
        },
        image_token_index=ids["<|patch|>"],
    )  # fmt: skip
    return Llama4ForConditionalGeneration(config), tokenizer


Make = Callable[[Any, dict[str, int]], tuple[Any, Any]]
FAMILIES: dict[str, tuple[tuple[str, ...], Make]] = {
    "qwen3_vl_moe": (("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"), qwen3_vl_moe),
    "glm4v_moe": (
        ("<|begin_of_image|>", "<|end_of_image|>", "<|image|>", "<|begin_of_video|>", "<|end_of_video|>", "<|video|>"),
        glm4v_moe,
    ),
    "llama4": (("<|patch|>",), llama4),
    "llava_onevision": (("<image>", "<video>"), llava_onevision),
}
"""Each family's placeholders and what makes its model and processor of a tokenizer and their ids."""
