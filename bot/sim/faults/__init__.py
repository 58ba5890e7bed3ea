"""Faults on request: what may go wrong with an exchange, brought about by seed or by script.

A `plan` says what is to go wrong (`kinds` lists what can); it is written in code, read from a `file`, or one of the
`presets`. `Faults` (`faults`) is a plan come to life at one exchange: the exchange's API and stream ask it about what
they tell, `FaultyTransport` in memory and the HTTP server's `middleware` about every request's way there and back.
"""
