"""What the tests of a step said: reports that its tools wrote, read and counted. Pure."""
