"""The workflow shapes and the steps they are made of."""
