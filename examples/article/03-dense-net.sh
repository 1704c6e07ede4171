# A dense net written out: two inputs, one hidden unit h, and two outputs that both use it.
#
# Going forward, each node keeps its local gradients. Going back, h hears from both of its consumers, y1 and y2: the two
# upstream gradients are added first, and the sum is multiplied by the local gradient that was kept at h.
bpcli grad "h = tanh(w1*x1 + w2*x2); y1 = u*h; y2 = v*h; L = ((y1 - 1)**2 + (y2 + 1)**2)/2" \
    --x1 1 --x2 2 --w1 0.5 --w2 0.25 --u 2 --v -1 --with-respect-to w1,w2,u,v --output-format table

# The same net as layers: the sum over the two consumers is a product with a matrix, upstream @ W.
echo
bpcli grad "x -> Linear(1, bias=False) -> Tanh -> Linear(2, bias=False) -> MSELoss(t)" \
    --x "[[1, 2]]" --t "[[1, -1]]" --set 0.weight="[[0.5, 0.25]]" --set 2.weight="[[2], [-1]]" --output-format table
