"""Files, packages and services as steps, and the operating systems that they differ by."""
