/* Work along the rows of a matrix: softmax with cross-entropy and its gradient, standardisation, sums and maxima. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"

#define THREADS_FROM 20000 /* elements */

static inline double largest(npy_intp n, const double *restrict x) {
    double found = -INFINITY;
#pragma omp simd reduction(max : found)
    for (npy_intp j = 0; j < n; j++) found = x[j] > found ? x[j] : found;
    return found;
}

/* (x[N, M], labels[N]) -> [mean cross-entropy of the rows' softmax, its derivative by x] */
PyObject *softmax(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 2)) return NULL;
    Held held = {0};
    PyArrayObject *x, *labels, *out[2] = {NULL};
    PyObject *list = NULL;
    if (!(x = array_of(&held, args[0], NPY_DOUBLE, 2)) || !(labels = array_of(&held, args[1], NPY_INT64, 1))) goto done;
    npy_intp n = PyArray_DIM(x, 0), m = PyArray_DIM(x, 1);
    const npy_int64 *restrict label = INTEGERS(labels);
    if (!same(n, PyArray_DIM(labels, 0))) goto done;
    for (npy_intp i = 0; i < n; i++)
        if (label[i] < -m || label[i] >= m) {
            PyErr_SetString(PyExc_IndexError, "no such column");
            goto done;
        }
    if (!(out[0] = new_array(0, NULL, NPY_DOUBLE)) || !(out[1] = new_array(2, PyArray_DIMS(x), NPY_DOUBLE))) goto fail;
    double loss = 0, each = 1.0 / n;
    Py_BEGIN_ALLOW_THREADS
#pragma omp parallel for schedule(static) reduction(+ : loss) if (n * m >= THREADS_FROM)
    for (npy_intp i = 0; i < n; i++) {
        const double *restrict row = DOUBLES(x) + i * m;
        double *restrict slope = DOUBLES(out[1]) + i * m;
        double most = largest(m, row), total = 0;
#pragma omp simd reduction(+ : total)
        for (npy_intp j = 0; j < m; j++) {
            double power = exp(row[j] - most);
            slope[j] = power;
            total += power;
        }
        double scale = each / total;
#pragma omp simd
        for (npy_intp j = 0; j < m; j++) slope[j] *= scale;
        npy_intp k = label[i] < 0 ? label[i] + m : label[i];
        slope[k] -= each;
        loss += most + log(total) - row[k];
    }
    Py_END_ALLOW_THREADS
    *DOUBLES(out[0]) = loss * each;
    list = list_of(2, out);
    goto done;
fail:
    Py_XDECREF(out[0]);
    Py_XDECREF(out[1]);
done:
    drop(&held);
    return list;
}

/* x[N, M] -> each row less its mean, over the root of its variance + 1e-5 */
PyObject *standardise(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 1)) return NULL;
    Held held = {0};
    PyArrayObject *x = array_of(&held, args[0], NPY_DOUBLE, 2);
    PyArrayObject *out = x ? new_array(2, PyArray_DIMS(x), NPY_DOUBLE) : NULL;
    if (out) {
        npy_intp n = PyArray_DIM(x, 0), m = PyArray_DIM(x, 1);
        Py_BEGIN_ALLOW_THREADS
#pragma omp parallel for schedule(static) if (n * m >= THREADS_FROM)
        for (npy_intp i = 0; i < n; i++) {
            const double *restrict row = DOUBLES(x) + i * m;
            double *restrict to = DOUBLES(out) + i * m;
            double total = 0, squares = 0;
#pragma omp simd reduction(+ : total)
            for (npy_intp j = 0; j < m; j++) total += row[j];
            double mean = total / m;
#pragma omp simd reduction(+ : squares)
            for (npy_intp j = 0; j < m; j++) squares += (row[j] - mean) * (row[j] - mean);
            double scale = 1 / sqrt(squares / m + 1e-5);
#pragma omp simd
            for (npy_intp j = 0; j < m; j++) to[j] = (row[j] - mean) * scale;
        }
        Py_END_ALLOW_THREADS
    }
    drop(&held);
    return (PyObject *)out;
}

/* x[N, M] -> [sums of the columns, maxima of the rows], in one pass */
PyObject *column_sums(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 1)) return NULL;
    Held held = {0};
    PyObject *list = NULL;
    PyArrayObject *out[2] = {NULL}, *x = array_of(&held, args[0], NPY_DOUBLE, 2);
    if (!x) goto done;
    npy_intp n = PyArray_DIM(x, 0), m = PyArray_DIM(x, 1);
    if (!(out[0] = new_array(1, &m, NPY_DOUBLE)) || !(out[1] = new_array(1, &n, NPY_DOUBLE))) goto fail;
    int threads = n * m >= THREADS_FROM ? omp_get_max_threads() : 1, used = 1;
    double *parts = threads > 1 ? malloc(threads * m * sizeof(double)) : DOUBLES(out[0]);
    if (!parts) {
        PyErr_NoMemory();
        goto fail;
    }
    Py_BEGIN_ALLOW_THREADS
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        double *restrict sums = parts + omp_get_thread_num() * m;
        memset(sums, 0, m * sizeof(double));
#pragma omp single nowait
        used = omp_get_num_threads();
#pragma omp for schedule(static)
        for (npy_intp i = 0; i < n; i++) {
            const double *restrict row = DOUBLES(x) + i * m;
            double most = -INFINITY;
#pragma omp simd reduction(max : most)
            for (npy_intp j = 0; j < m; j++) {
                sums[j] += row[j];
                most = row[j] > most ? row[j] : most;
            }
            DOUBLES(out[1])[i] = most;
        }
    }
    if (threads > 1) {
        memcpy(DOUBLES(out[0]), parts, m * sizeof(double));
        for (int t = 1; t < used; t++)
            for (npy_intp j = 0; j < m; j++) DOUBLES(out[0])[j] += parts[t * m + j];
        free(parts);
    }
    Py_END_ALLOW_THREADS
    list = list_of(2, out);
    goto done;
fail:
    Py_XDECREF(out[0]);
    Py_XDECREF(out[1]);
done:
    drop(&held);
    return list;
}
