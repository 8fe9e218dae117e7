"""A LLaVA with a dense text model, as small as can be, with random weights: made of its real classes and saved."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

WORDS = ["<pad>", "<image>", "</s>", "what", "is", "this", "a", "cat", "dog", "?"]


def write_tiny_llava(folder: Path, text_config: object = None, vision_config: object = None) -> Path:
    """48 px in patches of 8, eight blocks; a CLIP tower and a Llama unless others are given."""
    vision = vision_config or CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=48, patch_size=8,
        projection_dim=16,
    )  # fmt: skip
    text = text_config or LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=8, num_attention_heads=2,
        num_key_value_heads=2, pad_token_id=0, bos_token_id=None, eos_token_id=2,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_id=1, vision_feature_layer=-2,
        vision_feature_select_strategy="default", image_seq_length=36,
    )  # fmt: skip
    torch.manual_seed(0)
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    core = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<pad>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", unk_token="<pad>", eos_token="</s>",
        extra_special_tokens={"image_token": "<image>"},
    )  # fmt: skip
    images = CLIPImageProcessorPil(size={"shortest_edge": 48}, crop_size={"height": 48, "width": 48})
    LlavaProcessor(
        images, tokenizer, patch_size=8, num_additional_image_tokens=1, vision_feature_select_strategy="default"
    ).save_pretrained(folder)
    return folder
