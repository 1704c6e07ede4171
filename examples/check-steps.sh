# A student's table of steps for a neuron, with one mistake: the derivative of sigmoid is taken at its input, z*(1 - z),
# instead of its output, f*(1 - f). What follows from it is not blamed again.
bpcli check "z = w0*x0 + w1*x1 + w2; f = sigmoid(z)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -2 \
  --claim "value(z)=2" --claim "value(f)=0.88" --claim "local(f, z)=-2" --claim z=-2 --claim w0=2 --claim x0=-4
