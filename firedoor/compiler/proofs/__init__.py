"""Room for what the compiler proves beyond shape, names and types: FD3xx to FD6xx over every path of a plan."""
