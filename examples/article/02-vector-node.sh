# A node whose input and output are vectors: y = W @ x. Its local gradient with respect to x is a Jacobian, which is W;
# that of an activation, which works entry by entry, is a diagonal one.
bpcli grad "y = W @ x; h = tanh(y); L = sum(h)" --W "[[1, -2], [0.5, 3]]" --x "[0.5, 0.25]" --output-format table
bpcli jacobian "W @ x" --W "[[1, -2], [0.5, 3]]" --x "[0.5, 0.25]" --with-respect-to x
bpcli jacobian "tanh(y)" --y "[0, 1]"

# A hidden vector with two consumers, V @ h and exp(h). Their two upstream gradients are added first, at h (step 6 says
# so); then the sum is multiplied by the local gradient that the forward pass kept at h.
bpcli grad "h = tanh(W @ x); L = sum(V @ h) + sum(exp(h))" --W "[[1, -2], [0.5, 3]]" --x "[0.5, 0.25]" \
    --V "[[2, 1], [0, 3]]" --with-respect-to W,x --output-format table
