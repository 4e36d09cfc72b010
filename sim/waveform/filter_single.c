/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filtering in single precision. */
#define REAL          float
#define PRECISE(name) name##_f
#define EXECUTE       oac_fft_f_execute
#include "sim/waveform/filter_impl.h"
