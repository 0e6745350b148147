/* Numbers and vectors, element by element: x + y, a**2 + b**2 + 2*a*b, tanh(a)*exp(-b**2) + log1p(b). */
#include <math.h>

#include "limit.h"

PyObject *scalar(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 2)) return NULL;
    Held held = {0};
    PyArrayObject *result = NULL, *y, *x = array_of(&held, args[0], NPY_DOUBLE, 0);
    if (x && (y = array_of(&held, args[1], NPY_DOUBLE, 0)) && (result = new_array(0, NULL, NPY_DOUBLE)))
        *DOUBLES(result) = *DOUBLES(x) + *DOUBLES(y);
    drop(&held);
    return (PyObject *)result;
}

typedef void vectors_f(npy_intp, const double *restrict, const double *restrict, double *restrict);

/* Take two vectors of one length and return a third; `cost` is that of an element. */
static inline PyObject *map_vectors(PyObject *const *args, Py_ssize_t count, vectors_f *work, npy_intp cost) {
    if (!right_count(count, 2)) return NULL;
    Held held = {0};
    PyArrayObject *result = NULL, *a = array_of(&held, args[0], NPY_DOUBLE, 1), *b;
    if (a && (b = array_of(&held, args[1], NPY_DOUBLE, 1)) && same(PyArray_DIM(a, 0), PyArray_DIM(b, 0))) {
        npy_intp n = PyArray_DIM(a, 0);
        if ((result = new_array(1, &n, NPY_DOUBLE))) {
            if (n * cost < RELEASE_FROM) {
                work(n, DOUBLES(a), DOUBLES(b), DOUBLES(result));
            } else {
                Py_BEGIN_ALLOW_THREADS
                work(n, DOUBLES(a), DOUBLES(b), DOUBLES(result));
                Py_END_ALLOW_THREADS
            }
        }
    }
    drop(&held);
    return (PyObject *)result;
}

static void formula_work(npy_intp n, const double *restrict a, const double *restrict b, double *restrict out) {
    if (n < 50000) { /* a parallel region costs some microseconds, and its outlined body even where it runs alone */
        for (npy_intp i = 0; i < n; i++) out[i] = a[i] * a[i] + b[i] * b[i] + 2 * a[i] * b[i];
        return;
    }
#pragma omp parallel for simd schedule(static)
    for (npy_intp i = 0; i < n; i++) out[i] = a[i] * a[i] + b[i] * b[i] + 2 * a[i] * b[i];
}

static void transcendental_work(npy_intp n, const double *restrict a, const double *restrict b, double *restrict out) {
    if (n < 5000) {
        for (npy_intp i = 0; i < n; i++) out[i] = tanh(a[i]) * exp(-(b[i] * b[i])) + log1p(b[i]);
        return;
    }
#pragma omp parallel for simd schedule(static)
    for (npy_intp i = 0; i < n; i++) out[i] = tanh(a[i]) * exp(-(b[i] * b[i])) + log1p(b[i]);
}

PyObject *formula(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    return map_vectors(args, count, formula_work, 1);
}

PyObject *transcendental(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    return map_vectors(args, count, transcendental_work, 20);
}
