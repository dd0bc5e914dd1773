"""The `advisor` command's subcommands, one module each. Heavy imports stay inside the functions."""
