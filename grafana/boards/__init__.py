"""One module a board: `build(say)` returns it in one language."""
