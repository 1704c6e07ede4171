"""Layers with backward passes by hand, in the shape of CS231n: `forward` gives an output and a cache.

Each pair is right. Any of them is checked by a line such as

    bpcli check layers.py --forward-function affine_forward --backward-function affine_backward \
        --x "normal(N,D)" --w "normal(D,M)" --b "normal(M)"
"""

import numpy as np


def affine_forward(x, w, b):
    """x (N, d1, …, dk) seen as (N, D), w (D, M), b (M,)."""
    out = x.reshape(x.shape[0], -1) @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    x = cache
    return dout * (x > 0)


def batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise each feature over the batch; in the mode 'test', by the running statistics."""
    eps = bn_param.get("eps", 1e-5)
    if bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    else:
        mean, var = x.mean(axis=0), x.var(axis=0)
    std = np.sqrt(var + eps)
    normed = (x - mean) / std
    return gamma * normed + beta, (normed, gamma, std, bn_param["mode"])


def batchnorm_backward(dout, cache):
    normed, gamma, std, mode = cache
    dgamma = (dout * normed).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dnormed = dout * gamma
    if mode == "test":
        return dnormed / std, dgamma, dbeta
    dx = (dnormed - dnormed.mean(axis=0) - normed * (dnormed * normed).mean(axis=0)) / std
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """Normalise each row over its features."""
    eps = ln_param.get("eps", 1e-5)
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    normed = (x - x.mean(axis=1, keepdims=True)) / std
    return gamma * normed + beta, (normed, gamma, std)


def layernorm_backward(dout, cache):
    normed, gamma, std = cache
    dnormed = dout * gamma
    centred = dnormed - dnormed.mean(axis=1, keepdims=True)
    dx = (centred - normed * (dnormed * normed).mean(axis=1, keepdims=True)) / std
    return dx, (dout * normed).sum(axis=0), dout.sum(axis=0)


def dropout_forward(x, dropout_param):
    """Keep each entry with probability p, and scale what is kept by 1/p."""
    p = dropout_param["p"]
    if dropout_param["mode"] == "test":
        return x, (None, dropout_param)
    mask = (np.random.rand(*x.shape) < p) / p
    return x * mask, (mask, dropout_param)


def dropout_backward(dout, cache):
    mask, dropout_param = cache
    return dout if dropout_param["mode"] == "test" else dout * mask


def conv_forward_naive(x, w, b, conv_param):
    """x (N, C, H, W), w (F, C, HH, WW), b (F,): slide each filter over the padded image."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows = (padded.shape[2] - w.shape[2]) // stride + 1
    columns = (padded.shape[3] - w.shape[3]) // stride + 1
    out = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, :, i * stride : i * stride + w.shape[2], j * stride : j * stride + w.shape[3]]
            out[:, :, i, j] = np.einsum("nchw,fchw->nf", window, w) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * stride : i * stride + w.shape[2], j * stride : j * stride + w.shape[3]]
            dpadded[here] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
            dw += np.einsum("nf,nchw->fchw", dout[:, :, i, j], padded[here])
    dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward_naive(x, pool_param):
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    rows, columns = (x.shape[2] - height) // stride + 1, (x.shape[3] - width) // stride + 1
    out = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[:, :, i, j] = x[:, :, i * stride : i * stride + height, j * stride : j * stride + width].max(
                axis=(2, 3)
            )
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
            largest = x[here] == x[here].max(axis=(2, 3), keepdims=True)
            dx[here] += largest * dout[:, :, i, j][:, :, None, None]
    return dx


def svm_loss(x, y):
    """The mean hinge loss of scores x (N, C) with labels y, and its gradient."""
    count = np.arange(len(y))
    margins = np.maximum(0, x - x[count, y][:, None] + 1)
    margins[count, y] = 0
    dx = (margins > 0).astype(float)
    dx[count, y] -= dx.sum(axis=1)
    return margins.sum() / len(y), dx / len(y)


def softmax_loss(x, y):
    """The mean cross-entropy of scores x (N, C) with labels y, and its gradient."""
    shifted = x - x.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(shifted - log_sums)
    loss = -(shifted - log_sums)[np.arange(len(y)), y].mean()
    dx[np.arange(len(y)), y] -= 1
    return loss, dx / len(y)


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    """x (N, T, D), h0 (N, H): all hidden states (N, T, H)."""
    h, previous, caches = np.zeros((*x.shape[:2], h0.shape[1])), h0, []
    for t in range(x.shape[1]):
        previous, cache = rnn_step_forward(x[:, t], previous, Wx, Wh, b)
        h[:, t] = previous
        caches.append(cache)
    return h, caches


def rnn_backward(dh, cache):
    dx, dWx, dWh, db, dprev = [], 0, 0, 0, 0
    for t in reversed(range(dh.shape[1])):
        dx_t, dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + dprev, cache[t])
        dx.insert(0, dx_t)
        dWx, dWh, db = dWx + dWx_t, dWh + dWh_t, db + db_t
    return np.stack(dx, axis=1), dprev, dWx, dWh, db


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """The gates stand in the order i, f, o, g along the last axis of Wx, Wh and b."""
    ai, af, ao, ag = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    dc = dnext_c + dnext_h * o * (1 - np.tanh(next_c) ** 2)
    do = dnext_h * np.tanh(next_c)
    gates = [dc * g * i * (1 - i), dc * prev_c * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)]
    da = np.concatenate(gates, axis=1)
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def word_embedding_forward(x, W):
    """x (N, T) holds indices into the rows of W (V, D)."""
    return W[x], (x, W)


def word_embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW
