"""How `inv` runs: Invoke as this project wants it, and the Python environment that it runs in."""
