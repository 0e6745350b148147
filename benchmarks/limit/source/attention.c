/* Attention in float32: sum(softmax(q k' / sqrt(features)) v * weights), and its derivatives by q, k and v.

A head is a task of its own: its matrices of 64 kB each stay in the cache between the six products. */
#include <math.h>
#include <stdlib.h>

#include "limit.h"

/* C = alpha A B + 0 C of row-major matrices, in the BLAS's column-major order: C' = alpha B' A'. */
static inline void product(char a_turned, char b_turned, int m, int n, int k, float alpha, const float *a, int a_line,
                           const float *b, int b_line, float *c) {
    float zero = 0;
    blas_sgemm(&b_turned, &a_turned, &n, &m, &k, &alpha, b, &b_line, a, &a_line, &zero, c, &n);
}

static float head(int n, int f, const float *restrict q, const float *restrict k, const float *restrict v,
                  const float *restrict w, float *dq, float *dk, float *dv, float *restrict p, float *restrict dp) {
    float scale = 1 / sqrtf((float)f), loss = 0, *restrict o = dq; /* dq is written last: until then it holds the output */
    product('N', 'T', n, n, f, scale, q, f, k, f, p);
    for (int i = 0; i < n; i++) {
        float *restrict row = p + (size_t)i * n, most = -INFINITY, total = 0;
#pragma omp simd reduction(max : most)
        for (int j = 0; j < n; j++) most = row[j] > most ? row[j] : most;
#pragma omp simd reduction(+ : total)
        for (int j = 0; j < n; j++) total += row[j] = expf(row[j] - most);
        float each = 1 / total;
#pragma omp simd
        for (int j = 0; j < n; j++) row[j] *= each;
    }
    product('N', 'N', n, f, n, 1, p, n, v, f, o);
#pragma omp simd reduction(+ : loss)
    for (int i = 0; i < n * f; i++) loss += o[i] * w[i];
    product('N', 'T', n, n, f, 1, w, f, v, f, dp);
    product('T', 'N', n, f, n, 1, p, n, w, f, dv);
    for (int i = 0; i < n; i++) {
        float *restrict slope = dp + (size_t)i * n, *restrict row = p + (size_t)i * n, inner = 0;
#pragma omp simd reduction(+ : inner)
        for (int j = 0; j < n; j++) inner += row[j] * slope[j];
#pragma omp simd
        for (int j = 0; j < n; j++) slope[j] = row[j] * (slope[j] - inner);
    }
    product('N', 'N', n, f, n, scale, dp, n, k, f, dq);
    product('T', 'N', n, f, n, scale, dp, n, q, f, dk);
    return loss;
}

/* (q, k, v, weights)[heads, positions, features] -> [value, its derivatives by q, k, v] */
PyObject *attention(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 4)) return NULL;
    Held held = {0};
    PyArrayObject *in[4], *out[4] = {NULL};
    PyObject *list = NULL;
    for (int k = 0; k < 4; k++)
        if (!(in[k] = array_of(&held, args[k], NPY_FLOAT, 3))) goto done;
    npy_intp *shape = PyArray_DIMS(in[0]);
    for (int k = 1; k < 4; k++)
        for (int axis = 0; axis < 3; axis++)
            if (!same(shape[axis], PyArray_DIM(in[k], axis))) goto done;
    for (int k = 0; k < 4; k++)
        if (!(out[k] = new_array(k ? 3 : 0, shape, NPY_FLOAT))) goto fail;
    int n = (int)shape[1], f = (int)shape[2], failed = 0;
    double loss = 0;
    Py_BEGIN_ALLOW_THREADS
    int before = blas_get_threads ? blas_get_threads() : 1;
    if (blas_set_threads && before > 1) blas_set_threads(1);
#pragma omp parallel reduction(+ : loss) reduction(| : failed) if (shape[0] > 1)
    {
        float *block = malloc(2 * sizeof(float) * n * n);
        failed = !block;
#pragma omp for schedule(static)
        for (npy_intp h = 0; h < shape[0]; h++) {
            size_t at = (size_t)h * n * f;
            if (block)
                loss += head(n, f, FLOATS(in[0]) + at, FLOATS(in[1]) + at, FLOATS(in[2]) + at, FLOATS(in[3]) + at,
                             FLOATS(out[1]) + at, FLOATS(out[2]) + at, FLOATS(out[3]) + at, block, block + (size_t)n * n);
        }
        free(block);
    }
    if (blas_set_threads && before > 1) blas_set_threads(before);
    Py_END_ALLOW_THREADS
    if (failed) {
        PyErr_NoMemory();
        goto fail;
    }
    *FLOATS(out[0]) = (float)loss;
    list = list_of(4, out);
    goto done;
fail:
    for (int k = 0; k < 4; k++) Py_XDECREF(out[k]);
done:
    drop(&held);
    return list;
}
