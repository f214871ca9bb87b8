"""What a server is at: sessions that would be cut off, events that it runs by itself."""
