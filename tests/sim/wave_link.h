/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The waveform engine behind its modem, opened on the plain bench of analytic_fixture.h: the same patterns are
 * played on both engines. And the exact moments of a readout inside the analytic assumptions (instant
 * modulators, no dispersion, no drift), written out from docs/physics.md by slot, products of two noises
 * included, with no function of sim:
 *
 *     R = M [ sum_n x_n (A_n + a e_n) ] + fixed,     A_n = sum_j d_jn (1 + g_j)(1 + h_jn)
 *     x_n client's transmission, d_jn light of line j [e-/slot], both disturbed by their drive noise;
 *     g_j gain of the window (1/f), variance rin corner ln(1/(T_w rin_min)); h_jn white, variance rin/2T;
 *     e_n mean ASE, a the difference of the pair's responsivities; behind the client x_n is 1 for it
 *     Var R = E Var(R | light) + Var E(R | light)
 * Noise of the receiver and of the converter is added to that. */
#ifndef OAC_TESTS_SIM_WAVE_LINK_H
#define OAC_TESTS_SIM_WAVE_LINK_H

#include "sim/waveform/waveform.h"
#include "tests/sim/monte_carlo.h"

#define WAVE_WINDOWS 36000 /* 4 standard errors of a normal variate's variance: 3.0 % */

/* The modem's preambles and sync words are played from here on; windows below it. */
#define WAVE_SYNC_SLOT0 (UINT64_C(1) << 62)

/* The plain bench plus `sets` (NULL-terminated); closed with optics_close. */
void wave_open(struct optics *o, uint32_t noise, const char *const *sets, bool propagate);

/* Exact mean and variance (rows) of a window's readouts, output electrons. */
void wave_moments(const struct optics *o, const struct pattern *p, uint32_t noise, double *mean,
                  double *variance);

/* Plays the same window `windows` times from bench slot 0 on; electrons. */
struct sample wave_sample(struct optics *o, const struct pattern *p, size_t windows);

/* Mean within 4 standard errors, and 4e-7 of it for single precision; variance within 4 kurtosis-corrected
 * standard errors. */
void wave_expect(const struct sample *s, const double *mean, const double *variance,
                 const char *what);

/* Takes back, below the modem, the skew it has set: a pole delays what it smooths, and the modem delays the
 * other side by as much. Data and weights then start their slots together. */
void wave_unskew(struct optics *o);

/* The client opens fully in slot m alone and is dark otherwise: fills p->x. */
void wave_one_hot(struct pattern *p, const struct optics *o, size_t m);

#endif
