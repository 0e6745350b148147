/* What all functions share: arguments in their exact form, results, the BLAS of SciPy. */
#ifndef LIMIT_H
#define LIMIT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL limit_numpy
#ifndef LIMIT_MODULE
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define MOST_ARGUMENTS 8
#define RELEASE_FROM 100000 /* operations of a call from which on the GIL is released */

typedef void gemm_f(const char *, const char *, const int *, const int *, const int *, const float *, const float *,
                    const int *, const float *, const int *, const float *, float *, const int *);
typedef void gemv_f(const char *, const int *, const int *, const double *, const double *, const int *, const double *,
                    const int *, const double *, double *, const int *);

extern gemm_f *blas_sgemm;
extern gemv_f *blas_dgemv;
extern void (*blas_set_threads)(int);
extern int (*blas_get_threads)(void);

typedef PyObject *function_f(PyObject *, PyObject *const *, Py_ssize_t);
function_f scalar, formula, transcendental, radon, logistic, softmax, standardise, column_sums, attention;
function_f sum_first, sum_middle, sum_last, sum_all, transposed, strided, gather, copy;

/* Arguments that are held until the function ends: most of them borrowed, a converted one owned. */
typedef struct {
    int owned;
    PyObject *converted[MOST_ARGUMENTS];
} Held;

static inline void drop(Held *held) {
    for (int k = 0; k < held->owned; k++) Py_DECREF(held->converted[k]);
}

/* Return an argument as an aligned C contiguous array of a dtype and a rank; NULL with an exception where it is none. */
static inline PyArrayObject *array_of(Held *held, PyObject *given, int type, int ndim) {
    PyArrayObject *array = (PyArrayObject *)given;
    if (LIKELY(Py_TYPE(given) == &PyArray_Type && PyArray_TYPE(array) == type && PyArray_NDIM(array) == ndim
               && (PyArray_FLAGS(array) & NPY_ARRAY_IN_ARRAY) == NPY_ARRAY_IN_ARRAY && PyArray_ISNOTSWAPPED(array)))
        return array;
    PyObject *made = PyArray_FROMANY(given, type, ndim, ndim, NPY_ARRAY_IN_ARRAY);
    if (made) held->converted[held->owned++] = made;
    return (PyArrayObject *)made;
}

static inline int right_count(Py_ssize_t given, Py_ssize_t wanted) {
    if (LIKELY(given == wanted)) return 1;
    PyErr_Format(PyExc_TypeError, "%zd arguments, not %zd", given, wanted);
    return 0;
}

static inline int same(npy_intp a, npy_intp b) {
    if (LIKELY(a == b)) return 1;
    PyErr_Format(PyExc_ValueError, "lengths differ: %zd and %zd", (Py_ssize_t)a, (Py_ssize_t)b);
    return 0;
}

static inline PyArrayObject *new_array(int ndim, npy_intp *shape, int type) {
    return (PyArrayObject *)PyArray_EMPTY(ndim, shape, type, 0);
}

static inline PyObject *list_of(int count, PyArrayObject **results) {
    PyObject *list = PyList_New(count);
    for (int k = 0; k < count; k++) {
        if (list) PyList_SET_ITEM(list, k, (PyObject *)results[k]);
        else Py_DECREF(results[k]);
    }
    return list;
}

#define DOUBLES(array) ((double *)PyArray_DATA(array))
#define FLOATS(array) ((float *)PyArray_DATA(array))
#define INTEGERS(array) ((npy_int64 *)PyArray_DATA(array))

#endif
