"""The backward passes of layers.py with a mistake each, of the kinds that people make; the forward passes are right."""

import layers
import numpy as np
from layers import (
    affine_forward,
    batchnorm_forward,
    conv_forward_naive,
    dropout_forward,
    layernorm_forward,
    lstm_step_forward,
    max_pool_forward_naive,
    relu_forward,
    rnn_forward,
    rnn_step_forward,
    word_embedding_forward,
)


def affine_backward(dout, cache):
    """The bias gets the mean over the batch, not the sum."""
    dx, dw, _ = layers.affine_backward(dout, cache)
    return dx, dw, dout.mean(axis=0)


def relu_backward(dout, cache):
    """The mask is that of the gradient, not of the input."""
    return dout * (dout > 0)


def batchnorm_backward(dout, cache):
    """What flows through the variance is left out."""
    normed, gamma, std, mode = cache
    dnormed = dout * gamma
    dx = (dnormed - dnormed.mean(axis=0)) / std
    return dx, (dout * normed).sum(axis=0), dout.sum(axis=0)


def layernorm_backward(dout, cache):
    """What flows through the mean is left out."""
    normed, gamma, std = cache
    dnormed = dout * gamma
    dx = (dnormed - normed * (dnormed * normed).mean(axis=1, keepdims=True)) / std
    return dx, (dout * normed).sum(axis=0), dout.sum(axis=0)


def dropout_backward(dout, cache):
    """The factor 1/p is forgotten."""
    mask, dropout_param = cache
    return dout * (mask > 0)


def conv_backward_naive(dout, cache):
    """Where windows overlap the last one wins: = in place of +=."""
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    dpadded = np.zeros((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * stride : i * stride + w.shape[2], j * stride : j * stride + w.shape[3]]
            dpadded[here] = np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
    _, dw, db = layers.conv_backward_naive(dout, cache)
    return dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db


def max_pool_backward_naive(dout, cache):
    """Every entry of a window gets its share, as in average pooling."""
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
            dx[here] += dout[:, :, i, j][:, :, None, None] / (height * width)
    return dx


def svm_loss(x, y):
    """The score of the right class gets no gradient."""
    loss, dx = layers.svm_loss(x, y)
    dx[np.arange(len(y)), y] = 0
    return loss, dx


def softmax_loss(x, y):
    """The gradient is not divided by the size of the batch, as the loss is."""
    loss, dx = layers.softmax_loss(x, y)
    return loss, dx * len(y)


def rnn_step_backward(dnext_h, cache):
    """tanh is applied once more before its derivative."""
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - np.tanh(next_h) ** 2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def rnn_backward(dh, cache):
    """No gradient flows back from one time step to the one before it."""
    steps = [layers.rnn_step_backward(dh[:, t], cache[t]) for t in range(dh.shape[1])]
    dx, dprev, dWx, dWh, db = zip(*steps, strict=True)
    return np.stack(dx, axis=1), dprev[0], sum(dWx), sum(dWh), sum(db)


def lstm_step_backward(dnext_h, dnext_c, cache):
    """The gradient that arrives at the cell state itself is forgotten."""
    return layers.lstm_step_backward(dnext_h, 0 * dnext_c, cache)


def word_embedding_backward(dout, cache):
    """A word that stands there twice counts once."""
    x, W = cache
    dW = np.zeros_like(W)
    dW[x] += dout
    return dW
