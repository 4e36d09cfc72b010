/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transforms in double precision. */
#define FFTW(name) fftw_##name
#define REAL       double
#define FFT        oac_fft
#define FFT_(verb) oac_fft_##verb
#include "base/fft_impl.h"
