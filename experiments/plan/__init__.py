"""What is run: studies as they are declared, their factors and design points, and the reader of their files."""
