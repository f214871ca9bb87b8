"""What all rooms stand on: the loop of a step, a host at the end of SSH, its lock, waits, reports and errors."""
