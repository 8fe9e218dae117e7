"""Records in a store elsewhere, such as S3: opened by its address, with one way to read, write, list and delete."""
