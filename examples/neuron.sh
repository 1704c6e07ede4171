# A sigmoid neuron (Stanford CS231n, "Backpropagation, Intuitions"): the local gradient of the sigmoid is f*(1 - f).
bpcli grad "f = sigmoid(w0*x0 + w1*x1 + w2)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3
