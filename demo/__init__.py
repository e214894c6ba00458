"""A living library for newcomers: a dozen drawn screens with spoken narration, and people who rated them."""
