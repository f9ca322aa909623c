"""Networks and their training. TensorFlow and Keras are imported in this package and nowhere else."""
