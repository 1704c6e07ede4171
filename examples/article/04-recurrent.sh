# A recurrent net, unrolled: three time steps that share the weights w and u.
#
# Each step uses w again, so its gradient is the sum of what the steps contribute; the paths meet at w. What arrives at
# h1 has come through every later step: it is the product of their local gradients.
bpcli grad "h1 = tanh(u*x1 + w*h0); h2 = tanh(u*x2 + w*h1); h3 = tanh(u*x3 + w*h2); L = (h3 - t)**2" \
    --h0 0.1 --x1 1 --x2 0.5 --x3 -1 --u 0.5 --w 0.8 --t 0.5 --with-respect-to u,w --output-format table
echo
bpcli explain "h1 = tanh(u*x1 + w*h0); h2 = tanh(u*x2 + w*h1); h3 = tanh(u*x3 + w*h2); L = (h3 - t)**2" \
    --h0 0.1 --x1 1 --x2 0.5 --x3 -1 --u 0.5 --w 0.8 --t 0.5 --gradient-of h1

# The same as a layer: W_hh is shared by all steps, and the table shows what each of them adds to its gradient. The loss
# takes the last state alone, so the upstream at step 1 is the product of the Jacobians of the later ones.
echo
bpcli grad "x -> RNN(2, bias=False) -> h_n -> MSELoss(t)" --x "[[1], [0.5], [-1]]" --t "[[0.5, -0.5]]" \
    --set 0.weight_ih_l0="[[0.5], [-1]]" --set 0.weight_hh_l0="[[0.8, 0.3], [-0.2, 0.5]]" --output-format table
