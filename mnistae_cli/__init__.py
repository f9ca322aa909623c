"""mnistae: features of small grey images by autoencoders, classes from few labels, clusters from none."""

__version__ = "0.2.0"
