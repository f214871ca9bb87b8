"""From the facts of both hosts to a verdict, and the checks that verify shows."""
