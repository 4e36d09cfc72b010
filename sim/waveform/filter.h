/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear, time-invariant filters of sampled waveforms.
 *
 *     out[n] = sum_m h[m] in[n-m],   H(f) given at complex-envelope frequencies -fs/2 <= f < fs/2
 * The response is sampled on a grid of four segments and applied block by block with transforms whose plans and
 * spectra are made once, in one of two ways:
 *   overlap-save: h is cut off beyond `memory` samples before and after zero delay (a response that contains a
 *     delay needs a memory that contains it too); what is cut goes to the tap at zero, so H(0) stays exact.
 *     Before its first and after its last sample a waveform holds its first and its last value (the steady guard).
 *   circular, for responses that ring longer than their memory (an edge at fs/2, such as a fractional delay's or
 *     dispersion's, rings for ever): those of magnitude 1, and others where the memory is to be found. The
 *     waveform, of at most `segment` samples, is one block of a circular convolution, its jump from last to
 *     first value taken out by a smooth step whose response is known. Exact where the waveform rests at both ends
 *     for as long as the response lasts, otherwise the ends see each other within that time. A response of
 *     magnitude 1 goes round in exactly `segment` samples and then conserves the energy of a waveform of that
 *     length to 1e-12 in double, 1e-5 in single precision; of other lengths but for what rings beyond the ends.
 *     Segments that are multiples of 4 with prime factors up to 13 are fast, others take twice as long.
 *     Longer waveforms go by overlap-save.
 * For real waveforms, given as such, H(-f) = conj H(f), and H(-fs/2) is its real part, +-1 for magnitude 1.
 * Complex waveforms are pairs of reals. Units: Hz, the waveform's own. Validity: segment <= 2^24, memory <= 2^23,
 * for speed memory < segment. Single precision follows double to 1e-6 (tests/sim/test_filter.c).
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
        memory; /* samples of impulse response kept before and after zero delay; 0: found from the
                       response, to 1e-7 of its energy (more where that is cheap), at most segment/2 */
    size_t segment; /* typical length of a waveform: chooses the block size */
    bool real;      /* real waveforms (drive voltages, currents), else complex envelopes */
};

enum oac_status oac_filter_create(const struct oac_filter_spec *spec,
                                  struct oac_filter **filter, struct oac_err *err) OAC_MUST_USE;
/* The memory that filter would have, without making it. */
enum oac_status oac_filter_find_memory(const struct oac_filter_spec *spec, size_t *memory,
                                       struct oac_err *err) OAC_MUST_USE;
/* The smallest segment of at least n samples that is fast to go round in. Pure. */
size_t oac_filter_fast_segment(size_t n);
void oac_filter_destroy(struct oac_filter *filter); /* NULL is fine */

/* True when the response is 1 within 1e-7 over the whole band: applying it is a copy. Pure. */
bool oac_filter_is_identity(const struct oac_filter *filter);

/* Samples before and after zero delay: as given, or as found. 0 for an identity. Pure. */
size_t oac_filter_memory(const struct oac_filter *filter);

/* The transform's size for waveforms of segment samples, for benchmarks; 0 for an identity. Pure. */
size_t oac_filter_block(const struct oac_filter *filter);

enum oac_status oac_filter_scratch_create(const struct oac_filter *const *filters, size_t count,
                                          struct oac_filter_scratch **scratch,
                                          struct oac_err *err) OAC_MUST_USE;
/* Makes room for these filters as well in *scratch, NULL or made before, which stays as it is on failure. */
enum oac_status oac_filter_scratch_fit(const struct oac_filter *const *filters, size_t count,
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
