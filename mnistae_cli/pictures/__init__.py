"""Pictures: `figures` of scores with Matplotlib, `sheets` of clusters with Pillow, and `pages` for a browser."""
