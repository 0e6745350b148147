/* Log-densities with their gradients: the hierarchical regression "radon", and a logistic regression. */
#include <math.h>
#include <stdlib.h>

#include "limit.h"

#define LOG_ROOT_TWO_PI 0.9189385332046727

/* (intercepts[J], mean, log_spread, log_noise, county[N], floor[N], level[N]) -> [density, its derivatives by the first four] */
PyObject *radon(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    static const int types[] = {NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_INT64, NPY_DOUBLE, NPY_DOUBLE};
    static const int ndims[] = {1, 0, 0, 0, 1, 1, 1};
    if (!right_count(count, 7)) return NULL;
    Held held = {0};
    PyArrayObject *in[7], *out[5] = {NULL};
    PyObject *list = NULL;
    for (int k = 0; k < 7; k++)
        if (!(in[k] = array_of(&held, args[k], types[k], ndims[k]))) goto done;
    npy_intp counties = PyArray_DIM(in[0], 0), houses = PyArray_DIM(in[4], 0);
    if (!same(houses, PyArray_DIM(in[5], 0)) || !same(houses, PyArray_DIM(in[6], 0))) goto done;
    for (int k = 0; k < 5; k++)
        if (!(out[k] = new_array(k == 1, &counties, NPY_DOUBLE))) goto fail;

    const double *restrict intercepts = DOUBLES(in[0]), *restrict floor = DOUBLES(in[5]), *restrict level = DOUBLES(in[6]);
    const npy_int64 *restrict county = INTEGERS(in[4]);
    double *restrict slope = DOUBLES(out[1]);
    double mean = *DOUBLES(in[1]), log_spread = *DOUBLES(in[2]), log_noise = *DOUBLES(in[3]);
    double per_spread = exp(-log_spread), per_noise = exp(-log_noise);

    npy_int64 least = 0, greatest = -1;
#pragma omp simd reduction(min : least) reduction(max : greatest)
    for (npy_intp i = 0; i < houses; i++) {
        least = county[i] < least ? county[i] : least;
        greatest = county[i] > greatest ? county[i] : greatest;
    }
    if (least < -counties || greatest >= counties) {
        PyErr_SetString(PyExc_IndexError, "no such county");
        goto fail;
    }
    double z_sum = 0, z_squares = 0, r_squares = 0;
#pragma omp simd reduction(+ : z_sum, z_squares)
    for (npy_intp j = 0; j < counties; j++) {
        double z = (intercepts[j] - mean) * per_spread;
        slope[j] = -z * per_spread;
        z_sum += z;
        z_squares += z * z;
    }
    for (npy_intp i = 0; i < houses; i++) {
        npy_intp j = county[i] < 0 ? county[i] + counties : county[i];
        double r = (level[i] - (intercepts[j] + 0.5 * floor[i])) * per_noise;
        r_squares += r * r;
        slope[j] += r * per_noise;
    }
    *DOUBLES(out[0]) = -0.5 * (z_squares + r_squares) - counties * (log_spread + LOG_ROOT_TWO_PI)
                       - houses * (log_noise + LOG_ROOT_TWO_PI) - 0.5 * (mean / 10) * (mean / 10);
    *DOUBLES(out[2]) = z_sum * per_spread - mean / 100;
    *DOUBLES(out[3]) = z_squares - counties;
    *DOUBLES(out[4]) = r_squares - houses;
    list = list_of(5, out);
    goto done;
fail:
    for (int k = 0; k < 5; k++) Py_XDECREF(out[k]);
done:
    drop(&held);
    return list;
}

/* (beta[K], x[N, K], y[N]) -> [density, its derivative by beta] */
PyObject *logistic(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 3)) return NULL;
    Held held = {0};
    PyArrayObject *beta, *x, *y, *out[2] = {NULL};
    PyObject *list = NULL;
    double fixed[1024], *block = NULL;
    if (!(beta = array_of(&held, args[0], NPY_DOUBLE, 1)) || !(x = array_of(&held, args[1], NPY_DOUBLE, 2))
        || !(y = array_of(&held, args[2], NPY_DOUBLE, 1)))
        goto done;
    npy_intp n = PyArray_DIM(x, 0), k = PyArray_DIM(x, 1);
    if (!same(k, PyArray_DIM(beta, 0)) || !same(n, PyArray_DIM(y, 0))) goto done;
    if (n > 1024 && !(block = malloc(n * sizeof(double)))) {
        PyErr_NoMemory();
        goto done;
    }
    if (!(out[0] = new_array(0, NULL, NPY_DOUBLE)) || !(out[1] = new_array(1, &k, NPY_DOUBLE))) goto fail;

    double *restrict z = block ? block : fixed, *restrict slope = DOUBLES(out[1]);
    const double *restrict labels = DOUBLES(y), *restrict weights = DOUBLES(beta);
    int rows = (int)k, columns = (int)n, one = 1;
    double unit = 1, zero = 0, minus = -1, density = 0, squares = 0;
    blas_dgemv("T", &rows, &columns, &unit, DOUBLES(x), &rows, weights, &one, &zero, z, &one);
#pragma omp simd reduction(+ : density)
    for (npy_intp i = 0; i < n; i++) {
        double small = exp(-fabs(z[i])), positive = z[i] > 0 ? z[i] : 0;
        density += labels[i] * z[i] - (positive + log1p(small));
        double far = 1 / (1 + small);
        z[i] = labels[i] - (z[i] > 0 ? far : small * far);
    }
#pragma omp simd reduction(+ : squares)
    for (npy_intp j = 0; j < k; j++) {
        squares += weights[j] * weights[j];
        slope[j] = weights[j];
    }
    blas_dgemv("N", &rows, &columns, &unit, DOUBLES(x), &rows, z, &one, &minus, slope, &one);
    *DOUBLES(out[0]) = density - 0.5 * squares;
    list = list_of(2, out);
    goto done;
fail:
    Py_XDECREF(out[0]);
    Py_XDECREF(out[1]);
done:
    free(block);
    drop(&held);
    return list;
}
