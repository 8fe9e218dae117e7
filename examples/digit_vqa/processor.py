"""What lies beside the weights, so that a model's folder is all that is needed to ask it: tokenizer, processor, knobs."""

import json
from pathlib import Path

from editions import TOP_K, Edition
from mosaics import SIDE, TIERS
from network import PATCH
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import CLIPImageProcessor, GenerationConfig, LlavaProcessor, PreTrainedTokenizerFast
from words import END, ID, IMAGE, PAD

CHAT_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
)
"""The image, then the question, and nothing between or behind."""
