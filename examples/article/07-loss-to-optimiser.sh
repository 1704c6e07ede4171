# Backpropagation stands between the loss and the optimiser. A neuron with one weight: the loss and its gradient, step by step.
L="p = tanh(w*x); L = (p - y)**2"
bpcli grad "$L" --w 0.5 --x 2 --y 1 --with-respect-to w

# The gradient by hand is ∂L/∂w = 2·(p - y)·(1 - p²)·x; a check by differences and by SymPy agrees.
echo
bpcli check "$L" --w 0.5 --x 2 --y 1 --claim "w=2*(tanh(w*x) - y)*(1 - tanh(w*x)**2)*x"

# The update by hand: against the gradient, by the learning rate. This is all that gradient descent is.
echo
bpcli step "$L" --w 0.5 --x 2 --y 1 --with-respect-to w --learning-rate 0.5 --output-format table

# The formula that is shown is an expression: its value is the new weight.
echo
bpcli grad "w - lr*g" --w 0.5 --lr 0.5 --g=-0.4004973495576554 --json | python -c "import json, sys; print(json.load(sys.stdin)['value'])"

# Side by side on the same loss, five steps each. Momentum keeps what it has gathered, Adam takes steps of the size of the rate.
echo
for optimiser in "sgd" "sgd --momentum-factor 0.9" "sgd --momentum-factor 0.9 --nesterov-momentum" "adam"; do
    echo "$optimiser:"
    bpcli step "$L" --w 0.5 --x 2 --y 1 --with-respect-to w --learning-rate 0.1 --steps-count 5 --optimizer-name $optimiser --json |
        python -c "
import json, sys
for update in json.load(sys.stdin)['updates']:
    w = update['parameters']['w']
    print(f\"  t={update['step']}  w {w['value']:.4f} -> {w['new_value']:.4f}   loss {update['loss']:.4f} -> {update['loss_after']:.4f}\")"
done

# A step against the gradient makes the loss smaller only if it is short enough: the same gradient, a rate too large.
echo
bpcli step "(w*x - y)**2" --w 1 --x 2 --y 3 --with-respect-to w --learning-rate 0.3 --steps-count 2 --output-format table
