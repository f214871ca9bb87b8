"""What each drill has around what it breaks: looks before, heals after, what is measured, promises, what was kept."""
