"""One module per command, or per family of commands that share their words.

Each has `register(subparsers)`, which adds its commands with help, an example and
`set_defaults(run=...)`; `run(args, settings)` returns the exit code.
"""
