"""Stands in for the code that MolmoE-1B brings: the same names of parts, arguments and rules, and little inside them.

Written from what the published modeling_molmoe.py calls its parts: a block's `mlp.top_k`, `model.transformer.blocks`,
`model.vision_backbone`, a cache that is a list with an entry a block. What that code refuses, this refuses.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

PATCH_VALUES = 4 * 4 * 3
"""Pixels of a patch, as preprocessing_molmo.py cuts it, and their colours."""


class MolmoConfig(PreTrainedConfig):
    model_type = "molmo"

    def __init__(self, d_model: int = 32, n_layers: int = 4, vocab_size: int = 64, **others: Any) -> None:
        self.d_model, self.n_layers, self.vocab_size = d_model, n_layers, vocab_size
        self.n_heads, self.moe_num_experts, self.moe_top_k, self.use_position_ids = 2, 8, 4, True
        super().__init__(**others)


class MolmoeMLP(nn.Module):
    def __init__(self, config: MolmoConfig) -> None:
        super().__init__()
        self.up_proj = nn.Linear(config.d_model, 16, bias=False)
        self.down_proj = nn.Linear(16, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.up_proj(x)))


class MolmoeSparseMoeBlock(nn.Module):
    def __init__(self, config: MolmoConfig) -> None:
        super().__init__()
        self.num_experts, self.top_k = config.moe_num_experts, config.moe_top_k
        self.gate = nn.Linear(config.d_model, self.num_experts, bias=False)
        self.experts = nn.ModuleList([MolmoeMLP(config) for _ in range(self.num_experts)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        rows = x.flatten(0, 1)
        logits = self.gate(rows)
        weights, chosen = logits.softmax(dim=1).topk(self.top_k, dim=-1)
        out = torch.zeros_like(rows)
        for place, expert in enumerate(self.experts):
            row, rank = torch.where(chosen == place)
            out.index_add_(0, row, expert(rows[row]) * weights[row, rank, None])
        return out.view_as(x), logits


class MolmoDecoderLayer(nn.Module):
    def __init__(self, config: MolmoConfig) -> None:
        super().__init__()
        self.n_heads = config.n_heads
        self.att_proj = nn.Linear(config.d_model, 3 * config.d_model, bias=False)
        self.attn_norm, self.ff_norm = nn.LayerNorm(config.d_model), nn.LayerNorm(config.d_model)
        self.mlp = MolmoeSparseMoeBlock(config)

    def forward(self, x: Tensor, bias: Tensor, layer_past: Any) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        heads = self.att_proj(self.attn_norm(x)).unflatten(-1, (3, self.n_heads, -1))
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        if layer_past is not None:
            key, value = torch.cat((layer_past[0], key), dim=-2), torch.cat((layer_past[1], value), dim=-2)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + seen.transpose(1, 2).flatten(2)
        return x + self.mlp(self.ff_norm(x))[0], (key, value)


class VisionBackbone(nn.Module):
    def __init__(self, config: MolmoConfig) -> None:
        super().__init__()
        self.image_projector = nn.Linear(PATCH_VALUES, config.d_model)

    def forward(self, images: Tensor, image_masks: Tensor | None) -> tuple[Tensor, None]:
        assert image_masks is not None
        return self.image_projector(images), None


class MolmoOutput(NamedTuple):
    attn_key_values: list[tuple[Tensor, Tensor]]
    last_hidden_states: Tensor


class MolmoModel(PreTrainedModel):
    config_class = MolmoConfig

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__(config)
        blocks = nn.ModuleList([MolmoDecoderLayer(config) for _ in range(config.n_layers)])
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(config.vocab_size, config.d_model),
                "wpe": nn.Embedding(512, config.d_model),
                "ln_f": nn.LayerNorm(config.d_model),
                "blocks": blocks,
            }
        )
        self.vision_backbone = VisionBackbone(config)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None, images: Tensor | None, image_masks: Tensor | None,
        image_input_idx: Tensor | None, position_ids: Tensor | None, past_key_values: Any, last_logits_only: bool,
    ) -> MolmoOutput:  # fmt: skip
        if past_key_values:
            assert len(past_key_values) == self.config.n_layers
        assert not (images is not None and past_key_values is not None)
        past = past_key_values[0][0].size(-2) if past_key_values else 0
        if attention_mask is None:
            attention_mask = input_ids != -1
        if position_ids is None:
            position_ids = attention_mask.int().cumsum(dim=-1) - 1
        x = self.transformer["wte"](input_ids)
        if images is not None:
            features, _ = self.vision_backbone(images, image_masks)
            assert image_input_idx is not None
            assert image_input_idx.shape == features.shape[:3]
            place, features = image_input_idx.flatten(), features.flatten(0, 2)
            x[0, place[place >= 0]] += features[place >= 0]
        x = x + self.transformer["wpe"](position_ids)
        length = past + input_ids.shape[1]
        assert attention_mask.shape[1] == length
        bias = torch.full((length, length), torch.finfo(x.dtype).min).triu(1)[past:]
        cache = []
        for place, block in enumerate(self.transformer["blocks"]):
            x, entry = block(x, bias, past_key_values[place] if past_key_values else None)
            cache.append(entry)
        return MolmoOutput(cache, self.transformer["ln_f"](x[:, -1:] if last_logits_only else x))


class MolmoForCausalLM(PreTrainedModel):
    config_class = MolmoConfig

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__(config)
        self.model = MolmoModel(config)
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        for weight in module.parameters(recurse=False):
            nn.init.normal_(weight, std=0.5)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, images: Tensor | None = None,
        image_masks: Tensor | None = None, image_input_idx: Tensor | None = None, position_ids: Tensor | None = None,
        past_key_values: Any = None, use_cache: bool = False, last_logits_only: bool = False,
        return_dict: bool | None = None,
    ) -> CausalLMOutputWithPast:  # fmt: skip
        out = self.model(
            input_ids, attention_mask, images, image_masks, image_input_idx, position_ids, past_key_values,
            last_logits_only,
        )  # fmt: skip
        logits = self.lm_head(out.last_hidden_states)
        return CausalLMOutputWithPast(logits=logits, past_key_values=out.attn_key_values if use_cache else None)

    def get_input_embeddings(self) -> nn.Module:
        return self.model.transformer["wte"]
