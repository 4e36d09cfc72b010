/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filtering in double precision. */
#define REAL          double
#define PRECISE(name) name
#define EXECUTE       oac_fft_execute
#include "sim/waveform/filter_impl.h"
