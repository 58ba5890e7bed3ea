"""The stock of units in Consumption: how fast it burns and how long it lasts."""
