/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discrete Fourier transforms, the fence around FFTW.
 *
 *     forward   X[m] = sum_n x[n] e^{-2 pi i m n/N},      backward  x[n] = sum_m X[m] e^{+2 pi i m n/N}
 * Neither is scaled: backward(forward(x)) = N x. Complex numbers are pairs of reals (re, im) in a flat array;
 * real transforms give N/2 + 1 complex values. Plans are made with FFTW_ESTIMATE for aligned arrays and without
 * what earlier plans taught FFTW, so the choice of algorithm, and with it every bit, depends on size, kind and
 * machine type alone. Making and destroying a plan is serialised inside (FFTW's planner is global: its mutex, and
 * the plans that are shared by all who want the same size, are the one mutable global of the library); executing
 * one is pure and may be done by any number of threads on arrays of their own. Arrays must come from
 * oac_fft_alloc, or lie a multiple of 64 bytes behind the start of one that does (their alignment is part of the
 * plan); in place is allowed.
 * Units: the caller's. Validity: 1 <= n <= 2^26. Source: M. Frigo, S. Johnson, Proc. IEEE 93, 216 (2005). */
#ifndef OAC_BASE_FFT_H
#define OAC_BASE_FFT_H

#include <stddef.h>

#include "base/status.h"

#define OAC_FFT_MAX ((size_t)1 << 26)

enum oac_fft_kind {
    OAC_FFT_FORWARD,
    OAC_FFT_BACKWARD,
    OAC_FFT_REAL_FORWARD,
    OAC_FFT_REAL_BACKWARD
};

struct oac_fft;   /* double precision */
struct oac_fft_f; /* single precision */

enum oac_status oac_fft_create(size_t n, enum oac_fft_kind kind, struct oac_fft **fft,
                               struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_fft_f_create(size_t n, enum oac_fft_kind kind, struct oac_fft_f **fft,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_fft_destroy(struct oac_fft *fft); /* NULL is fine */
void oac_fft_f_destroy(struct oac_fft_f *fft);

/* Given in and out ((n) complex each; the real side of a real transform has n reals, its complex side n/2 + 1
 * complex values; a real backward transform destroys its input, the others keep it). in == out is allowed for
 * complex kinds. The last bit may differ between in place and not. */
void oac_fft_execute(const struct oac_fft *fft, double *in, double *out);
void oac_fft_f_execute(const struct oac_fft_f *fft, float *in, float *out);

/* Zeroed, aligned for the plans; freed with oac_fft_free. */
double *oac_fft_alloc(size_t reals, const char *what, struct oac_err *err);
float *oac_fft_f_alloc(size_t reals, const char *what, struct oac_err *err);
void oac_fft_free(void *array); /* NULL is fine */

/* The smallest size >= n of the form 2^a 3^b 5^c: transforms of those are fast. Given n <= 2^60. Pure. */
size_t oac_fft_good_size(size_t n);

#endif
