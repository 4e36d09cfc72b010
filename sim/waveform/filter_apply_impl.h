/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applying filters, compiled once per processor level (cmake/levels.cmake). */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/simd.h"
#include "sim/waveform/filter_internal.h"

#define REAL          double
#define PRECISE(name) name
#define LOCAL(name)   name##_double
#define EXECUTE       oac_fft_execute
#include "sim/waveform/filter_precision.h"
#undef REAL
#undef PRECISE
#undef LOCAL
#undef EXECUTE

#define REAL          float
#define PRECISE(name) name##_f
#define LOCAL(name)   name##_single
#define EXECUTE       oac_fft_f_execute
#include "sim/waveform/filter_precision.h"

extern const struct oac_filter_level OAC_AT_LEVEL(oac_filter_level);
const struct oac_filter_level OAC_AT_LEVEL(oac_filter_level) = {
    .apply = apply_double,
    .apply_f = apply_single,
};
