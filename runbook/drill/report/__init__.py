"""What a drill leaves: the document, its page, its pictures, the index of all, and the live view."""
