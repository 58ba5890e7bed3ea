"""A simulated exchange: a pure state machine, the request handler over it, and an in-memory transport."""
