# Backpropagation is a leaky abstraction: a net can be built without knowing it, but not mended. Four leaks, each in a net
# that has it, and beneath it the mended one. bpcli says what is wrong, by which figure, and what helps.
flow() {
    bpcli flow "$@" --output-format table --max-rows 6
}
diagnosis() {
    flow "$@" | sed -n '/^DIAGNOSIS/,$p'
    echo
}

# Saturated sigmoids. Their slope is at most 1/4, and about 0 far from the middle. Here pixels go in as they come, 0 to 255;
# scaled to 0 to 1 they do not push the units to their ends.
echo "--- 1. Saturation"
sigmoids="x -> Linear(16) -> Sigmoid -> Linear(1) -> MSELoss(t)"
flow "$sigmoids" --x "uniform(0,255,64,8)" --t "normal(64,1)"
echo "--- mended"
diagnosis "$sigmoids" --x "uniform(0,1,64,8)" --t "normal(64,1)"

# Dead ReLUs. A step that was too large has left the biases far below 0: no sample of the batch lifts a unit above it, so no
# gradient reaches its weights, which never change again. LeakyReLU has a slope there too.
echo "--- 2. Dead ReLU"
point() {
    echo '{"x": "normal(64,3)", "t": "normal(64,1)", "0.weight": "normal(8,3)", "2.weight": "normal(1,8)", "2.bias": [0],
           "0.bias": [-20, -20, -20, -20, -20, -20, -20, -20]}'
}
point | flow "x -> Linear(8) -> ReLU -> Linear(1) -> MSELoss(t)" --at -
echo "--- mended"
point | diagnosis "x -> Linear(8) -> LeakyReLU(0.1) -> Linear(1) -> MSELoss(t)" --at -

# An exploding recurrent net, and the same with an orthogonal weight, whose singular values are all 1.
echo "--- 3. Exploding RNN"
recurrent="x -> RNN(16, nonlinearity='relu') -> h_n -> Linear(1) -> MSELoss(t)"
flow "$recurrent" --x "normal(30,8,1)" --t "normal(1,8,1)" --initial-weights he --initial-scale 2
echo "--- mended"
diagnosis "$recurrent" --x "normal(30,8,1)" --t "normal(1,8,1)" --initial-weights orthogonal

# The clipped delta, a bug of early code for Q-learning: to keep the gradient small, the error itself is clipped. But a clip
# is flat beyond its edge, so nothing is learned from the largest errors. What was meant is the Huber loss, whose gradient is
# clipped, not its error.
echo "--- 4. The clipped delta"
flow "q = x -> Linear(4); delta = q - target; mean(clip(delta, -1, 1)**2)" --x "normal(32,3)" --target "uniform(0,5,32,4)"
echo "--- mended"
diagnosis "x -> Linear(4) -> HuberLoss(target)" --x "normal(32,3)" --target "uniform(0,5,32,4)"
