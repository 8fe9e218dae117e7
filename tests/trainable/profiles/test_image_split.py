import numpy as np

from trainable.profiles.image_split import TEST, TRAIN, VALIDATION, split_of_image


def test_the_split_is_by_the_hash_of_the_image_id():
    # sha256sum of the digits: "9" 19581e27.. is .099, "14" 8527a891.. is .520, "16" b17ef6d1.. is .693,
    # "2" d4735e3a.. is .830
    assert [split_of_image(image) for image in (9, 14, 16, 2)] == [TRAIN, TRAIN, VALIDATION, TEST]


def test_an_image_id_written_as_a_number_or_as_text_is_the_same_image():
    assert [split_of_image(image) for image in range(50)] == [split_of_image(str(image)) for image in range(50)]


def test_three_fifths_train_one_fifth_validates_and_one_fifth_tests():
    shares = np.bincount([split_of_image(image) for image in range(20_000)], minlength=3) / 20_000
    # standard deviation of a share: sqrt(.6 * .4 / 20000) = .0035
    np.testing.assert_allclose(shares, [0.6, 0.2, 0.2], atol=4 * 0.0035)
