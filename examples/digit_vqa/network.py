"""The vision-language model: a small LLaVA with a mixture-of-experts text model, and how its knobs are turned.

B images, V vision tokens, H hidden size, Q questions, T tokens of a question's slot.
"""

import torch
from editions import Edition
from mosaics import SIDE
from torch import Tensor, nn
from transformers import CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration, OlmoeConfig
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS
from words import END, ID, IMAGE, PAD

PATCH, HIDDEN, EXPERTS, EXPERT_WIDTH = 4, 64, 16, 16
MOST_TOP_K = 8


def build(edition: Edition, blocks: int) -> LlavaForConditionalGeneration:
    """An untrained model of so many text blocks."""
    vision = CLIPVisionConfig(
        hidden_size=HIDDEN,
        intermediate_size=3 * HIDDEN,
        num_hidden_layers=edition.vision_blocks,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
        num_channels=1,
        projection_dim=HIDDEN,
    )
    text = OlmoeConfig(
        vocab_size=len(edition.words),
        hidden_size=HIDDEN,
        intermediate_size=EXPERT_WIDTH,
        num_hidden_layers=blocks,
        num_attention_heads=4,
        num_key_value_heads=4,
        num_experts=EXPERTS,
        num_experts_per_tok=MOST_TOP_K,
        norm_topk_prob=True,
        max_position_embeddings=512,
        pad_token_id=ID[PAD],
        bos_token_id=None,
        eos_token_id=ID[END] if edition.ends else None,
        tie_word_embeddings=False,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=ID[IMAGE],
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=(SIDE // PATCH) ** 2,
        tie_word_embeddings=False,
    )
    model = LlavaForConditionalGeneration(config)
    for block in model.model.language_model.layers:
        # Wider than a large model's: so few weights would else begin as good as silent.
        nn.init.normal_(block.mlp.experts.gate_up_proj, std=0.1)
        nn.init.normal_(block.mlp.experts.down_proj, std=0.05)
    model.set_experts_implementation("dense")
    return model


def _all_experts(self: nn.Module, hidden: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
    """All experts as one wide layer, those not chosen weighted 0: the same sum, faster for many tokens at once.

    hidden [N, H]; chosen and weights [N, top_k].
    """
    tokens = len(hidden)
    shares = torch.zeros(tokens, self.num_experts, dtype=hidden.dtype).scatter(1, chosen, weights)
    inner = hidden @ self.gate_up_proj.flatten(0, 1).T  # [N, experts x 2 x width]
    gate, up = inner.view(tokens, self.num_experts, 2, -1).unbind(2)
    mixed = self.act_fn(gate) * up * shares[..., None]
    return mixed.flatten(1) @ self.down_proj.transpose(1, 2).flatten(0, 1)


ALL_EXPERTS_FUNCTIONS["dense"] = _all_experts


def set_top_k(model: LlavaForConditionalGeneration, top_k: int) -> None:
    for block in model.model.language_model.layers:
        block.mlp.gate.top_k = top_k


def see(model: LlavaForConditionalGeneration, images: Tensor) -> Tensor:
    """What the text model is shown of images [B, 1, side, side] of any tier: [B, V, H]."""
    seen = model.model.get_image_features(pixel_values=images, interpolate_pos_encoding=True, return_dict=True)
    return torch.stack(list(seen.pooler_output))


def answer_logits(model: LlavaForConditionalGeneration, seen: Tensor, tokens: Tensor, blocks: list[int]) -> Tensor:
    """Logits [B, Q, T, words] of questions with their answers [B, Q, T] behind the image that they are about.

    All of an image's questions are one sequence, in which each sees the image and itself, at the positions that it
    would have alone.
    """
    text = model.model.language_model
    images, questions, slot = tokens.shape
    patches = seen.shape[1]
    hidden = torch.cat([seen, text.embed_tokens(tokens.flatten(1))], 1)  # [B, V + Q x T, H]
    owner = torch.cat([torch.full((patches,), -1), torch.arange(questions).repeat_interleave(slot)])
    visible = torch.ones(len(owner), len(owner), dtype=torch.bool).tril()
    visible &= (owner[None] == -1) | (owner[None] == owner[:, None])
    mask = torch.zeros(visible.shape).masked_fill(~visible, float("-inf")).expand(images, 1, -1, -1)
    position = torch.cat([torch.arange(patches), patches + torch.arange(slot).repeat(questions)])[None]
    rotary = text.rotary_emb(hidden, position)
    for block in blocks:
        hidden = text.layers[block](hidden, attention_mask=mask, position_embeddings=rotary)
    logits: Tensor = model.lm_head(text.norm(hidden[:, patches:]))
    return logits.unflatten(1, (questions, slot))


def grow(edition: Edition, small: LlavaForConditionalGeneration) -> LlavaForConditionalGeneration:
    """The whole model, which computes what that of the edition's least depth does.

    The other blocks are copies of the last one before them whose outputs begin at zero.
    """
    model = build(edition, max(edition.added))
    rest = {name: tensor for name, tensor in small.state_dict().items() if ".language_model.layers." not in name}
    model.load_state_dict(rest, strict=False)
    places = edition.blocks[min(edition.added)]
    for number, block in enumerate(model.model.language_model.layers):
        source = max(index for index, place in enumerate(places) if place <= number)
        block.load_state_dict(small.model.language_model.layers[source].state_dict())
        if number not in places:
            nn.init.zeros_(block.self_attn.o_proj.weight)
            nn.init.zeros_(block.mlp.experts.down_proj)
            nn.init.normal_(block.mlp.experts.gate_up_proj, std=0.1)
            nn.init.normal_(block.mlp.gate.weight, std=0.05)
    return model
