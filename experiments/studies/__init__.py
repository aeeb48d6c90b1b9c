"""What a study comes to: one method a file, each from the finished runs to numbers with their uncertainty."""
