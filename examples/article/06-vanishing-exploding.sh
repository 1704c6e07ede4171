# Gradients vanish and explode. Back through t steps of a recurrent net the gradient is multiplied by t Jacobians; if each
# shrinks it by k < 1, the article bounds it by L·k^t. The inputs and weights here are positive, where relu hands on what
# it gets, so that each Jacobian is the recurrent weight itself and every figure can be told beforehand.
back_in_time() {
    bpcli flow "x -> RNN($1, nonlinearity='relu', bias=False) -> h_n -> sum" --x "uniform(0,1,$2,1)" \
        --set 0.weight_ih_l0="$3" --set 0.weight_hh_l0="$4" --output-format table --max-rows 4 | sed -n '/^THROUGH TIME/,$p'
}
course() {
    back_in_time "$@" | sed '/^$/,$d'
    echo
}

# A single number w: what is measured is w^t exactly, and L is 1. First w = 0.9, then w = 1.1.
course 1 140 "[[1]]" "[[0.9]]"
course 1 140 "[[1]]" "[[1.1]]"

# Matrices with the eigenvalues 0.9 and 0.5, then 1.1 and 0.5. A single step stretches by 1.4 and 1.5, as they are not
# symmetric, and a bound made of single steps would explode for both. In the end the spectral radius counts, and L is what
# the way there costs.
course 2 160 "[[1], [1]]" "[[0.9, 1], [0, 0.5]]"
course 2 140 "[[1], [1]]" "[[1.1, 1], [0, 0.5]]"

# Where the article is loose: it speaks of the elements. Every element of the first matrix is below 1, yet it explodes, for
# its spectral radius is 1.8. An element of the second is 5, yet it vanishes at once: its square is zero.
back_in_time 2 30 "[[1], [1]]" "[[0.9, 0.9], [0.9, 0.9]]"
echo
back_in_time 2 30 "[[1], [1]]" "[[0, 5], [0, 0]]"
echo

# How the scale of an orthogonal weight decides. Beyond 1 the states grow until tanh saturates, which shrinks the gradient
# again.
bpcli flow "x -> RNN(8) -> h_n -> sum" --x "uniform(-0.1,0.1,50,1)" --initial-weights orthogonal \
    --sweep-over scale=0.5:1.5:5 --output-format table
