"""The whole daemon in virtual time, against a simulated exchange at which things go wrong, and dying at any moment.

One seed makes one rehearsal (`run.rehearse_seed`); `sweep` runs many, on all cores. Everything the daemon does to the
outside goes through `edges`, where its `power` can fail; `witness` looks on as it happens, and `invariants` afterwards.
"""
