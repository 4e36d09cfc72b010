/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transforms in single precision. */
#define FFTW(name) fftwf_##name
#define REAL       float
#define FFT        oac_fft_f
#define FFT_(verb) oac_fft_f_##verb
#include "base/fft_impl.h"
