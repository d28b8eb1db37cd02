"""The families of models and the forms in which they write calls: each file here is read by itself, so a new family is one more file."""
