"""A vision-language model whose knobs can be turned, answering one question at a time."""
