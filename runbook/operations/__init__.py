"""What an operator asks for, one module each, and how it was called."""
