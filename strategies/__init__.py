"""The library of strategies: one readable file each, importing only `bot`."""
