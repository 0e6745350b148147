"""Work along the rows of matrices: softmax, normalisation, log-sum-exp."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.row import Row, floats, integers, normals, together


def cross_entropy(m: Any, params: Any, labels: Any) -> Any:
    return m.cross_entropy(params[0], labels)


def softmax_gradient(m: Any, x: Any, labels: Any) -> Any:
    return m.value_and_gradient(cross_entropy, [x], labels)


def standardise(m: Any, x: Any) -> Any:
    centred = x - m.mean(x, axis=1, keepdims=True)
    return centred / m.sqrt(m.mean(centred**2, axis=1, keepdims=True) + 1e-5)


def layer_norm_loss(m: Any, params: Any, weights: Any) -> Any:
    x, scale, shift = params
    return m.sum((standardise(m, x) * scale + shift) * weights)


def layer_norm_gradient(m: Any, x: Any, scale: Any, shift: Any, weights: Any) -> Any:
    return m.value_and_gradient(layer_norm_loss, [x, scale, shift], weights)


def torch_layer_norm_loss(m: Any, params: Any, weights: Any) -> Any:
    x, scale, shift = params
    return m.sum(m.functional.layer_norm(x, (1024,), scale, shift, 1e-5) * weights)


def torch_layer_norm_gradient(m: Any, x: Any, scale: Any, shift: Any, weights: Any) -> Any:
    return m.value_and_gradient(torch_layer_norm_loss, [x, scale, shift], weights)


def masked_log_sum(m: Any, x: Any, lengths: Any) -> Any:
    """Log-sum-exp of the first `lengths[i]` elements of each row i."""
    return m.logsumexp(m.where(m.arange(512) < lengths[:, None], x, -float("inf")))


ROWS = (
    Row("softmax-crossentropy-1000x1000", softmax_gradient, together(normals(1000, 1000), integers(1000, 1000))),
    Row("standardise-4096x1024", standardise, together(normals(4096, 1024)), goal=1.5),
    Row(
        "layernorm-gradient-512x1024",
        layer_norm_gradient,
        together(normals(512, 1024), floats(1024), floats(1024), normals(512, 1024)),
        forms={"torch": torch_layer_norm_gradient},
    ),
    Row(
        "logsumexp-masked-1000x512",
        masked_log_sum,
        together(normals(1000, 512), lambda random: random.randint(1, 513, 1000)),
    ),
)
