"""Log-densities and their gradients, as a sampler calls them."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.row import Row, floats, integers, normals, number, together


def normal_density(m: Any, value: Any, mean: Any, deviation: Any) -> Any:
    return -0.5 * ((value - mean) / deviation) ** 2 - m.log(deviation) - 0.9189385332046727


def radon_density(m: Any, params: Any, county: Any, floor: Any, level: Any) -> Any:
    """A hierarchical regression: 919 houses in 85 counties."""
    intercepts, mean, log_spread, log_noise = params
    spread, noise = m.exp(log_spread), m.exp(log_noise)
    counties = m.sum(normal_density(m, intercepts, mean, spread))
    houses = m.sum(normal_density(m, level, m.take(intercepts, county) + 0.5 * floor, noise))
    return counties + houses - 0.5 * (mean / 10.0) ** 2


def radon(m: Any, a: Any, mean: Any, log_spread: Any, log_noise: Any, county: Any, floor: Any, level: Any) -> Any:
    return m.value_and_gradient(radon_density, [a, mean, log_spread, log_noise], county, floor, level)


def logistic_density(m: Any, params: Any, x: Any, y: Any) -> Any:
    """A logistic regression with a normal prior: 40 parameters, 200 observations."""
    z = x @ params[0]
    return m.sum(y * z - m.softplus(z)) - 0.5 * m.sum(params[0] ** 2)


def logistic(m: Any, beta: Any, x: Any, y: Any) -> Any:
    return m.value_and_gradient(logistic_density, [beta], x, y)


HOUSES, COUNTIES = 919, 85

ROWS = (
    Row(
        "radon",
        radon,
        together(
            normals(COUNTIES),
            number(0.3),
            number(-0.2),
            number(0.1),
            integers(COUNTIES, HOUSES),
            floats(HOUSES),
            normals(HOUSES),
        ),
        goal=2.0,
    ),
    Row("logistic-density-40", logistic, together(normals(40), normals(200, 40), integers(2, 200, dtype="float64"))),
)
