"""Features are made once, and vision's are left out where they are dear."""

from trainable.measuring.features import FeatureCost


def test_vision_features_may_cost_a_tenth_of_the_full_model() -> None:
    cheap, dear = FeatureCost(0.1, 4.0, 40.0), FeatureCost(0.1, 4.1, 40.0)
    assert cheap.has_vision
    assert not dear.has_vision
    assert cheap.describe() == "features: language 0.1 ms, vision 4 ms a request, where the full model takes 40 ms"
    assert dear.describe().endswith("; vision is over 10% of that, so the policy is to go by the question alone")
