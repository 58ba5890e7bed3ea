"""Pure values and rules of trading on The Grid; the standard library only, no I/O, no clock."""
