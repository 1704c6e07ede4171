# Backward passes by hand, as CS231n asks for them: layers.py has right ones, layers_wrong.py one mistake in each.
# Axes that have a name, N, D, M, get lengths that are unequal, and others at each of three points.

echo '# a pair that is right, on inputs of more than two axes'
bpcli check layers.py --forward-function affine_forward --backward-function affine_backward \
    --x "normal(N,2,3)" --w "normal(6,M)" --b "normal(M)"
echo "exit code $?"

echo; echo '# a loss that gives its own gradient; labels are whole numbers, and have none'
bpcli check layers.py --forward-function softmax_loss --x "normal(N,C)" --y "integers(0,C,N)"

echo; echo '# two outputs, each with an upstream gradient'
bpcli check layers.py --forward-function lstm_step_forward --backward-function lstm_step_backward \
    --x "normal(N,D)" --prev_h "normal(N,3)" --prev_c "normal(N,3)" \
    --Wx "normal(D,12)" --Wh "normal(3,12)" --b "normal(12)"

echo; echo '# max-pooling has no gradient at ties: distinct(…) has none; keyword parameters go through'
bpcli check layers.py --forward-function max_pool_forward_naive --backward-function max_pool_backward_naive \
    --x "distinct(2,3,4,6)" --pool_param '{"pool_height": 2, "pool_width": 2, "stride": 2}'

echo; echo '# where windows overlap, = has taken the place of +='
bpcli check layers_wrong.py --forward-function conv_forward_naive --backward-function conv_backward_naive \
    --x "normal(1,2,5,4)" --w "normal(3,2,3,3)" --b "normal(3)" --conv_param '{"stride": 1, "pad": 1}' --max-rows 4 --output-format table
echo "exit code $?"

echo; echo '# what a student is told'
bpcli check layers_wrong.py --forward-function softmax_loss --x "normal(N,C)" --y "integers(0,C,N)" \
    --release-to student --hint-level kind --max-rows 3 --output-format table
