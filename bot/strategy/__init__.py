"""What strategies are made of: the base class, what its hooks see, and how a strategy is found by name."""
