"""scikit-learn's KMeans with its default settings on saved features; the whole process. Prints the inertia."""

import sys

import numpy as np
from sklearn.cluster import KMeans

features = np.load(f"{sys.argv[1]}/features_train.npy")
kmeans = KMeans(n_clusters=10, random_state=int(sys.argv[2])).fit(features)
test = kmeans.predict(np.load(f"{sys.argv[1]}/features_test.npy"))
np.save(f"{sys.argv[3]}/assignments_train.npy", kmeans.labels_)
np.save(f"{sys.argv[3]}/assignments_test.npy", test)
print(kmeans.inertia_)
