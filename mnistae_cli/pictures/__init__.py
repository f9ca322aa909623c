"""Pictures: `figures` of the scores by Matplotlib, and `sheets` of the clusters by Pillow."""
