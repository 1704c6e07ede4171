# The scalar graph: F = x*y*z at x = 6, y = -2, z = -3, as A = x*y and then F = A*z.
#
# Going forward, each node computes its value and keeps its local gradients. Going back, each edge multiplies the
# gradient that arrives (upstream) by the local gradient that was kept; what comes out is the upstream of the next node.
bpcli grad "A = x*y; F = A*z" --x 6 --y -2 --z -3

# Where two paths leave a node, their gradients meet there on the way back, and are added.
bpcli grad "x*x + 3*x" --x 2
