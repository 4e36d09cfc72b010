/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks that hal/stream.c makes of every call, so that implementations of a stream make
 * none: every sample within its port's codes, lengths within the caps, payload inside its
 * guard, gates finite and in order, picks ascending and inside the capture. Each is written so
 * that NaN fails; each message names the object, its value and what is allowed. Cost: one
 * vectorised pass over the samples. */
#ifndef OAC_HAL_STREAM_CHECK_H
#define OAC_HAL_STREAM_CHECK_H

#include "base/status.h"
#include "hal/stream.h"

enum oac_status oac_stream_check_load(const struct oac_stream_caps *caps,
                                      const struct oac_stream_load *load,
                                      struct oac_err *err) OAC_MUST_USE;

/* rows, slots: of the loaded half that segment number `index` of a burst meets. */
enum oac_status oac_stream_check_segment(const struct oac_stream_caps *caps,
                                         const struct oac_stream_segment *segment, size_t index,
                                         size_t rows, size_t slots,
                                         struct oac_err *err) OAC_MUST_USE;

/* ADC samples of each port in the capture of a segment of that many slots. Pure. */
size_t oac_stream_capture_samples(const struct oac_stream_caps *caps, size_t slots);

#endif
