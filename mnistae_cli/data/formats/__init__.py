"""The formats of files that hold images, and what a file is: one module for each."""
