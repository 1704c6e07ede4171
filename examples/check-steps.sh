# A student's table of steps for f = sigmoid(w0*x0 + w1*x1 + w2), the neuron of the CS231n notes, with one mistake: the
# derivative of sigmoid is taken at its input, z*(1 - z), instead of its output. What follows from it is not blamed again.
bpcli check "z = w0*x0 + w1*x1 + w2; f = sigmoid(z)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3 \
  --claim "value(z)=1" --claim "value(f)=0.73" --claim "local(f, z)=0" --claim z=0 --claim w0=0 --claim x0=0
