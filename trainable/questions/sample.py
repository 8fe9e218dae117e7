"""A question about an image with its right answers, and the set of them that a model is measured on."""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from trainable.profiles.files import SampleKey
from trainable.profiles.image_split import split_of_image
from trainable.questions.answer_metrics import ANSWER_METRICS
from trainable.questions.picture import Picture

Metadata = Mapping[str, str | int | float | list[str]]


@dataclass(frozen=True)
class Question:
    """One sample."""

    key: SampleKey
    question: str
    """What is asked, as a model reads it: with its options where it has some."""
    answers: tuple[str, ...]
    """All that are right, or what each of several people said; of options their letters, by that metric."""
    metadata: Metadata
    """What a profile's record says of it: image_id, question_id, question, its answers, question_type and the like."""
    picture: Picture

    def image(self) -> Image.Image:
        """Read anew each time.

        Raises:
            UserError: it does not open any longer.
        """
        return self.picture.image()


@dataclass(frozen=True)
class QuestionSet:
    """A dataset, all its images opened once."""

    name: str
    """With underscores, as a profile's dataset is named."""
    questions: tuple[Question, ...]
    """In the order of a profile's samples."""
    metric: str
    """One of ANSWER_METRICS."""
    identity: str
    """16 hex digits of the ids, questions, answers, images and the metric, wherever they lie."""

    def score(self, question: Question, given: str) -> float:
        """How right an answer is, from 0 to 1."""
        return ANSWER_METRICS[self.metric].score(given, question.answers)

    def samples(self, split: int) -> list[int]:
        """Indices of the questions of one split."""
        return [index for index, one in enumerate(self.questions) if split_of_image(one.key.image_id) == split]
