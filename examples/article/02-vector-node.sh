# A node whose input and output are vectors: y = W @ x. Its local gradient with respect to x is a Jacobian, which is W.
bpcli grad "y = W @ x; h = tanh(y); L = sum(h)" --W "[[1, -2], [0.5, 3]]" --x "[0.5, 0.25]" --output-format table

# A hidden vector with two consumers. Their two upstream gradients are added first, at h; the sum is then multiplied by
# the local gradient that the forward pass kept at h.
bpcli grad "h = tanh(W @ x); a = V @ h; L = sum(a) + sum(h*h)" --W "[[1, -2], [0.5, 3]]" --x "[0.5, 0.25]" \
    --V "[[2, 1]]" --output-format table
