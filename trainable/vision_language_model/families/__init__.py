"""The families of vision-language models that can be turned, a module each; choose.py is the table of them."""
