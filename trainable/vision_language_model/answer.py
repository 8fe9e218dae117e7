"""What the model said, and how long each stage took."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """To one question about one image, under one configuration."""

    text: str
    """Without the tokens that begin or end it, and without blanks around it."""
    num_vision_tokens: int
    num_text_tokens: int
    """Of the prompt, those that are not the image's."""
    num_output_tokens: int
    """All that were generated, the one that ends the answer included."""
    vision_ms: float
    prefill_ms: float
    """The prompt, and the first token of the answer."""
    decode_ms: float
    """The answer's other tokens; 0 where there are none."""

    @property
    def total_ms(self) -> float:
        return self.vision_ms + self.prefill_ms + self.decode_ms
