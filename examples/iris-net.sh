# A model as PyTorch prints it, a loss, and four flowers of Iris (Fisher 1936): the gradient of every parameter.
bpcli grad @examples/iris-model.txt --loss-function "nn.CrossEntropyLoss()" --at examples/iris-batch.json --output-format table

# The same gradients, each entry held against differences of exact values and against SymPy.
echo
bpcli check @examples/iris-model.txt --loss-function "nn.CrossEntropyLoss()" --at examples/iris-batch.json
