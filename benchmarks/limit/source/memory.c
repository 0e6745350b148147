/* Work that memory bounds: sums over axes, a transposed and strided operands, a gather of rows, a plain copy. */
#include <omp.h>
#include <string.h>
#ifdef __AVX__
#include <immintrin.h>
#endif

#include "limit.h"

#define THREADS_FROM 100000 /* elements */
#define PAST_CACHE ((npy_intp)16 << 20) /* bytes touched from which results go past the cache */
#define PART 1024 /* columns that are summed before the next ones, so that their sums stay in the first-level cache */
#define APART 8 /* rows that are added at once; they stand far apart, each a stream of its own */

typedef struct {
    npy_intp n, m, k; /* lengths of the three axes */
} Cube;

/* Sums over rows of some columns, row by row `pitch` elements apart; in double. */
#define ADD_ROWS(NAME, TYPE)                                                                                                   \
    static void NAME(const TYPE *restrict x, npy_intp rows, npy_intp pitch, npy_intp columns, TYPE *restrict out) {            \
        double sums[PART];                                                                                                     \
        npy_intp far = rows / APART * pitch, i = 0;                                                                            \
        for (npy_intp j = 0; j < columns; j++) sums[j] = 0;                                                                    \
        for (; i < rows / APART; i++) {                                                                                        \
            const TYPE *restrict p = x + i * pitch;                                                                            \
            for (npy_intp j = 0; j < columns; j++)                                                                             \
                sums[j] += (((double)p[j] + p[j + far]) + ((double)p[j + 2 * far] + p[j + 3 * far]))                           \
                    + (((double)p[j + 4 * far] + p[j + 5 * far]) + ((double)p[j + 6 * far] + p[j + 7 * far]));                 \
        }                                                                                                                      \
        for (i = rows / APART * APART; i < rows; i++)                                                                          \
            for (npy_intp j = 0; j < columns; j++) sums[j] += x[i * pitch + j];                                                \
        for (npy_intp j = 0; j < columns; j++) out[j] = (TYPE)sums[j];                                                         \
    }                                                                                                                          \
    static void NAME##_first(const TYPE *restrict x, Cube c, TYPE *restrict out) {                                             \
        npy_intp columns = c.m * c.k;                                                                                          \
        _Pragma("omp parallel for schedule(static) if (c.n * columns >= THREADS_FROM)") for (npy_intp j = 0; j < columns; j += PART) \
            NAME(x + j, c.n, columns, columns - j < PART ? columns - j : PART, out + j);                                       \
    }                                                                                                                          \
    static void NAME##_middle(const TYPE *restrict x, Cube c, TYPE *restrict out) {                                            \
        _Pragma("omp parallel for schedule(static) if (c.n * c.m * c.k >= THREADS_FROM)") for (npy_intp i = 0; i < c.n; i++)   \
            for (npy_intp j = 0; j < c.k; j += PART)                                                                           \
                NAME(x + i * c.m * c.k + j, c.m, c.k, c.k - j < PART ? c.k - j : PART, out + i * c.k + j);                     \
    }                                                                                                                          \
    static void NAME##_last(const TYPE *restrict x, Cube c, TYPE *restrict out) {                                              \
        _Pragma("omp parallel for schedule(static) if (c.n * c.m * c.k >= THREADS_FROM)") for (npy_intp i = 0; i < c.n * c.m; i++) { \
            double total = 0;                                                                                                  \
            _Pragma("omp simd reduction(+ : total)") for (npy_intp j = 0; j < c.k; j++) total += x[i * c.k + j];               \
            out[i] = (TYPE)total;                                                                                              \
        }                                                                                                                      \
    }                                                                                                                          \
    static void NAME##_all(const TYPE *restrict x, Cube c, TYPE *restrict out) {                                               \
        double total = 0;                                                                                                      \
        npy_intp size = c.n * c.m * c.k;                                                                                       \
        _Pragma("omp parallel for simd schedule(static) reduction(+ : total) if (size >= THREADS_FROM)")                       \
        for (npy_intp i = 0; i < size; i++) total += x[i];                                                                     \
        *out = (TYPE)total;                                                                                                    \
    }

ADD_ROWS(doubles, double)
ADD_ROWS(singles, float)

/* One function of the module: x[N, M, K] of double or float -> its sums along an axis. */
#define SUM(NAME, AXES, LENGTHS)                                                                                               \
    PyObject *sum_##NAME(PyObject *module, PyObject *const *args, Py_ssize_t count) {                                          \
        if (!right_count(count, 1)) return NULL;                                                                               \
        int single = PyArray_Check(args[0]) && PyArray_TYPE((PyArrayObject *)args[0]) == NPY_FLOAT;                            \
        Held held = {0};                                                                                                       \
        PyArrayObject *out = NULL, *x = array_of(&held, args[0], single ? NPY_FLOAT : NPY_DOUBLE, 3);                          \
        if (x) {                                                                                                               \
            Cube c = {PyArray_DIM(x, 0), PyArray_DIM(x, 1), PyArray_DIM(x, 2)};                                                \
            npy_intp lengths[2] = LENGTHS;                                                                                     \
            if ((out = new_array(AXES, lengths, single ? NPY_FLOAT : NPY_DOUBLE))) {                                           \
                Py_BEGIN_ALLOW_THREADS if (single) singles_##NAME(PyArray_DATA(x), c, PyArray_DATA(out));                      \
                else doubles_##NAME(PyArray_DATA(x), c, PyArray_DATA(out));                                                    \
                Py_END_ALLOW_THREADS                                                                                           \
            }                                                                                                                  \
        }                                                                                                                      \
        drop(&held);                                                                                                           \
        return (PyObject *)out;                                                                                                \
    }

#define PAIR(a, b) {a, b}
SUM(first, 2, PAIR(c.m, c.k))
SUM(middle, 2, PAIR(c.n, c.k))
SUM(last, 2, PAIR(c.n, c.m))
SUM(all, 0, PAIR(1, 1))

/* Write a line's worth of doubles past the cache, or as usual. */
static inline void put(double *to, const double *from, npy_intp n, int past) {
#ifdef __AVX__
    if (past)
        for (; n >= 4 && !((npy_uintp)to & 31); n -= 4, to += 4, from += 4) _mm256_stream_pd(to, _mm256_loadu_pd(from));
#endif
    memcpy(to, from, n * sizeof(double));
}

/* (a[N, M], b[M, N]) -> a transposed + 2 b, in tiles */
PyObject *transposed(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 2)) return NULL;
    enum { TILE = 32 };
    Held held = {0};
    PyArrayObject *out = NULL, *b, *a = array_of(&held, args[0], NPY_DOUBLE, 2);
    if (a && (b = array_of(&held, args[1], NPY_DOUBLE, 2)) && same(PyArray_DIM(a, 0), PyArray_DIM(b, 1))
        && same(PyArray_DIM(a, 1), PyArray_DIM(b, 0)) && (out = new_array(2, PyArray_DIMS(b), NPY_DOUBLE))) {
        npy_intp n = PyArray_DIM(b, 0), m = PyArray_DIM(b, 1);
        const double *restrict x = DOUBLES(a), *restrict y = DOUBLES(b);
        double *restrict z = DOUBLES(out);
        int past = 24 * n * m > PAST_CACHE;
        Py_BEGIN_ALLOW_THREADS
#pragma omp parallel for schedule(static) if (n * m >= THREADS_FROM)
        for (npy_intp top = 0; top < n; top += TILE)
            for (npy_intp left = 0; left < m; left += TILE) {
                double tile[TILE][TILE];
                npy_intp rows = n - top < TILE ? n - top : TILE, columns = m - left < TILE ? m - left : TILE;
                for (npy_intp j = 0; j < columns; j++)
                    for (npy_intp i = 0; i < rows; i++) tile[i][j] = x[(left + j) * n + top + i];
                for (npy_intp i = 0; i < rows; i++) {
                    for (npy_intp j = 0; j < columns; j++) tile[i][j] += 2 * y[(top + i) * m + left + j];
                    put(z + (top + i) * m + left, tile[i], columns, past);
                }
            }
        Py_END_ALLOW_THREADS
    }
    drop(&held);
    return (PyObject *)out;
}

/* (a[N], b[N]), N even -> a[::2] * b[1::2] + a[1::2] */
PyObject *strided(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 2)) return NULL;
    enum { BLOCK = 512 };
    Held held = {0};
    PyArrayObject *out = NULL, *b, *a = array_of(&held, args[0], NPY_DOUBLE, 1);
    if (a && (b = array_of(&held, args[1], NPY_DOUBLE, 1)) && same(PyArray_DIM(a, 0), PyArray_DIM(b, 0))) {
        npy_intp n = PyArray_DIM(a, 0) / 2;
        if (same(2 * n, PyArray_DIM(a, 0)) && (out = new_array(1, &n, NPY_DOUBLE))) {
            const double *restrict x = DOUBLES(a), *restrict y = DOUBLES(b);
            double *restrict z = DOUBLES(out);
            int past = 40 * n > PAST_CACHE;
            Py_BEGIN_ALLOW_THREADS
#pragma omp parallel for schedule(static) if (n >= THREADS_FROM)
            for (npy_intp from = 0; from < n; from += BLOCK) {
                double block[BLOCK];
                npy_intp size = n - from < BLOCK ? n - from : BLOCK;
                const double *restrict p = x + 2 * from, *restrict q = y + 2 * from;
                for (npy_intp i = 0; i < size; i++) block[i] = p[2 * i] * q[2 * i + 1] + p[2 * i + 1];
                put(z + from, block, size, past);
            }
            Py_END_ALLOW_THREADS
        }
    }
    drop(&held);
    return (PyObject *)out;
}

/* (table[N, M], rows[K]) -> table[rows] */
PyObject *gather(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 2)) return NULL;
    Held held = {0};
    PyArrayObject *out = NULL, *rows, *table = array_of(&held, args[0], NPY_DOUBLE, 2);
    if (table && (rows = array_of(&held, args[1], NPY_INT64, 1))) {
        npy_intp n = PyArray_DIM(table, 0), lengths[2] = {PyArray_DIM(rows, 0), PyArray_DIM(table, 1)}, bad = 0;
        const npy_int64 *restrict row = INTEGERS(rows);
        for (npy_intp i = 0; i < lengths[0]; i++) bad += row[i] < -n || row[i] >= n;
        if (bad) PyErr_SetString(PyExc_IndexError, "no such row");
        else if ((out = new_array(2, lengths, NPY_DOUBLE))) {
            const double *restrict x = DOUBLES(table);
            double *restrict z = DOUBLES(out);
            Py_BEGIN_ALLOW_THREADS
#pragma omp parallel for schedule(static) if (lengths[0] * lengths[1] >= THREADS_FROM)
            for (npy_intp i = 0; i < lengths[0]; i++)
                memcpy(z + i * lengths[1], x + (row[i] < 0 ? row[i] + n : row[i]) * lengths[1], lengths[1] * sizeof(double));
            Py_END_ALLOW_THREADS
        }
    }
    drop(&held);
    return (PyObject *)out;
}

/* (from[N], to[N]): copies by memcpy, a part on each thread, into memory that exists -> to */
PyObject *copy(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (!right_count(count, 2)) return NULL;
    Held held = {0};
    PyArrayObject *to, *from = array_of(&held, args[0], NPY_DOUBLE, 1);
    PyObject *result = NULL;
    if (from && (to = array_of(&held, args[1], NPY_DOUBLE, 1)) && same(PyArray_DIM(from, 0), PyArray_DIM(to, 0))) {
        npy_intp n = PyArray_DIM(from, 0);
        Py_BEGIN_ALLOW_THREADS
#pragma omp parallel
        {
            npy_intp threads = omp_get_num_threads(), own = omp_get_thread_num();
            npy_intp first = n * own / threads, end = n * (own + 1) / threads;
            memcpy(DOUBLES(to) + first, DOUBLES(from) + first, (end - first) * sizeof(double));
        }
        Py_END_ALLOW_THREADS
        result = (PyObject *)to;
        Py_INCREF(result);
    }
    drop(&held);
    return result;
}
