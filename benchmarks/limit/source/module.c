/* The module: its functions, and where the BLAS comes from. */
#define LIMIT_MODULE
#include "limit.h"

gemm_f *blas_sgemm;
gemv_f *blas_dgemv;
void (*blas_set_threads)(int);
int (*blas_get_threads)(void);

/* Take the addresses of sgemm, dgemv and of OpenBLAS's functions that set and get its threads (0 where it is another BLAS). */
static PyObject *use_blas(PyObject *module, PyObject *args) {
    unsigned long long sgemm, dgemv, set, get;
    if (!PyArg_ParseTuple(args, "KKKK", &sgemm, &dgemv, &set, &get)) return NULL;
    blas_sgemm = (gemm_f *)sgemm;
    blas_dgemv = (gemv_f *)dgemv;
    blas_set_threads = (void (*)(int))set;
    blas_get_threads = (int (*)(void))get;
    Py_RETURN_NONE;
}

#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
static PyMethodDef methods[] = {
    {"use_blas", use_blas, METH_VARARGS, NULL},
    FAST(scalar), FAST(formula), FAST(transcendental), FAST(radon), FAST(logistic),
    FAST(softmax), FAST(standardise), FAST(column_sums), FAST(attention),
    FAST(sum_first), FAST(sum_middle), FAST(sum_last), FAST(sum_all),
    FAST(transposed), FAST(strided), FAST(gather), FAST(copy),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "limit", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_limit(void) {
    import_array();
    return PyModule_Create(&definition);
}
