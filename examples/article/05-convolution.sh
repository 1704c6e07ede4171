# A convolution by hand: an input of 3×3, x1 to x9, and a kernel of 2×2, w1 to w4, that slides over it by one. It has four
# windows, y1 to y4. The corner x1 lies in one window only, so its gradient has one term.
X="[[1, 2, 3], [4, 5, 6], [7, 8, 9]]"
W="[[1, -1], [2, 0.5]]"
bpcli explain "Y = conv2d(X, W); L = sum(Y**2)" --X "$X" --W "$W" --gradient-of "X[0,0]"

# The centre x5 lies in all four: ∂L/∂x5 = ∂L/∂y1·w4 + ∂L/∂y2·w3 + ∂L/∂y3·w2 + ∂L/∂y4·w1. The window that meets it with the
# last weight comes first, which is why the kernel appears rotated by 180°.
echo
bpcli explain "Y = conv2d(X, W); L = sum(Y**2)" --X "$X" --W "$W" --gradient-of "X[1,1]"

# A weight is used in every window, so its gradient has four terms too.
echo
bpcli explain "Y = conv2d(X, W); L = sum(Y**2)" --X "$X" --W "$W" --gradient-of "W[0,1]"

# All entries at once: how many windows each lies in, and the two gradients as convolutions.
echo
bpcli explain "Y = conv2d(X, W); L = sum(Y**2)" --X "$X" --W "$W"
