/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear, time-invariant filters of sampled waveforms by overlap-save.
 *
 *     out[n] = sum_m h[m] in[n-m],   H(f) given at complex-envelope frequencies -fs/2 <= f < fs/2
 * The response is sampled, brought to an impulse response of at most `memory` samples before and after its
 * centre, and applied block by block; plans and response are made once and reused. Before its first and after
 * its last sample a waveform holds its first and its last value (the steady guard), so a filter that passes
 * them (any H(0)) sees no edge. Responses of magnitude 1 conserve energy: to 1e-12 in double, 1e-5 in single
 * precision, when the waveform rests for `memory` samples at both ends.
 * Complex waveforms are pairs of reals; real ones need a response with H(-f) = conj H(f).
 * Units: Hz, the waveform's own. Validity: memory < segment. The choice of single precision is justified by
 * tests/sim/test_filter.c, which compares both.
 * Source: A. Oppenheim, R. Schafer, Discrete-Time Signal Processing, ch. 8 (overlap-save). */
#ifndef OAC_SIM_WAVEFORM_FILTER_H
#define OAC_SIM_WAVEFORM_FILTER_H

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* H(f) at f_hz [Hz], relative to the envelope's carrier. Pure; context is the caller's. */
typedef double complex (*oac_response)(const void *context, double f_hz);

struct oac_filter;         /* immutable once made: shared by threads */
struct oac_filter_scratch; /* one thread's buffers, for filters up to a block size */

struct oac_filter_spec {
    oac_response response;
    const void *context;
    double sample_rate_hz;
    size_t
        memory; /* samples of impulse response kept on each side of its centre; 0: found from the
                           response, to 1e-7 of its energy, at most half of segment */
    size_t segment; /* typical length of a waveform: chooses the block size */
    bool real;      /* real waveforms (drive voltages, currents), else complex envelopes */
};

enum oac_status oac_filter_create(const struct oac_filter_spec *spec,
                                  struct oac_filter **filter, struct oac_err *err) OAC_MUST_USE;
void oac_filter_destroy(struct oac_filter *filter); /* NULL is fine */

/* True when the response is 1 within 1e-7 over the whole band: applying it is a copy. Pure. */
bool oac_filter_is_identity(const struct oac_filter *filter);
size_t
oac_filter_memory(const struct oac_filter *filter); /* samples on each side of the centre */
size_t oac_filter_block(const struct oac_filter *filter); /* transform size: for benchmarks */

enum oac_status oac_filter_scratch_create(const struct oac_filter *const *filters, size_t count,
                                          struct oac_filter_scratch **scratch,
                                          struct oac_err *err) OAC_MUST_USE;
void oac_filter_scratch_destroy(struct oac_filter_scratch *scratch); /* NULL is fine */

/* Given in (n), writes out (n); complex or real as the filter is; in == out is allowed. Pure but for the
 * scratch. */
void oac_filter_apply_f(const struct oac_filter *filter, struct oac_filter_scratch *scratch,
                        size_t n, const float *in, float *out);
void oac_filter_apply(const struct oac_filter *filter, struct oac_filter_scratch *scratch,
                      size_t n, const double *in, double *out);

#endif
