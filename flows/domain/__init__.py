"""What decides: pure, no I/O, no clock, no Bytewax, no database."""
