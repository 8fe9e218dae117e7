"""What makes the folder all that a model needs to be asked: tokenizer, processor, knobs."""

import json
from pathlib import Path

from editions import TOP_K, Edition
from mosaics import SIDE, TIERS
from network import PATCH
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import LlavaProcessor, PreTrainedTokenizerFast
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from words import END, ID, IMAGE, PAD

CHAT_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
)
"""The image and the question behind it, and nothing else."""


def save_processor(edition: Edition, folder: Path) -> None:
    """Write tokenizer, processor, generation_config.json and knobs.json into a model's folder."""
    square = {"height": SIDE, "width": SIDE}
    images = CLIPImageProcessorPil(
        size=square, crop_size=square, resample=2, do_center_crop=False, do_normalize=False, do_convert_rgb=False
    )
    LlavaProcessor(
        images,
        make_tokenizer(edition),
        patch_size=PATCH,
        num_additional_image_tokens=1,  # CLIP's class token, which the "default" strategy leaves out again
        vision_feature_select_strategy="default",
        chat_template=CHAT_TEMPLATE,
    ).save_pretrained(folder)
    generation = {"max_new_tokens": edition.longest_answer, "pad_token_id": ID[PAD]}
    if edition.ends:
        generation["eos_token_id"] = ID[END]
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n", encoding="utf-8")
    knobs = {"tiers": TIERS, "top_k": TOP_K, "num_active_blocks": list(edition.added)}
    (folder / "knobs.json").write_text(json.dumps(knobs) + "\n", encoding="utf-8")


def make_tokenizer(edition: Edition) -> PreTrainedTokenizerFast:
    """A token a word; question marks stand alone, and the digits of a number where there are numbers."""
    core = Tokenizer(models.WordLevel({word: ID[word] for word in edition.words}, unk_token=PAD))
    core.normalizer = normalizers.Lowercase()
    splits = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("?", "isolated")]
    ending = {}
    if edition.ends:
        splits.append(pre_tokenizers.Digits(individual_digits=True))
        core.decoder = decoders.Fuse()  # the digits of an answer are one number
        ending["eos_token"] = END
    core.pre_tokenizer = pre_tokenizers.Sequence(splits)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        unk_token=PAD,
        padding_side="left",
        model_max_length=512,
        extra_special_tokens={"image_token": IMAGE},
        **ending,
    )
