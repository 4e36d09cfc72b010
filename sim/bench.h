/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The truth about one simulated bench: what its parts really are, after the hidden imperfections that the
 * rig's bench_seed fixes. Calibration must never see this; only the simulators do.
 *
 *     power_k     = P 10^(N(0, power_spread_db)/10)
 *     V_pi,k      = V_pi (1 + N(0, vpi_spread));     V_peak,k = bias + N(0, bias_spread)
 *     client V_pi at channel k = V_pi,client lambda_k/lambda_c     (when vpi_tracks_wavelength)
 *     ER_k        = er_db + N(0, er_spread_db), at least 3 dB;    crosstalk likewise, at most 0 dB
 *     gain_k      = 10^(N(0, gain_spread_db)/10)     on the electrons (a photocurrent's dB are optical: 10 log)
 *     pair_k      = 1 +- (pair_mismatch + N(0, pair_mismatch_spread))/2, of its first and second detector
 *     offset_k    = N(0, offset_spread_v);           adc_delay_k = adc_delay_s + N(0, adc_delay_spread_s)
 * With spread: uniform, N(0, s) is U(-s, s) instead. Then come the faults (sim/bench_faults.c).
 * With every spread 0 and no fault it is the nominal bench, bit for bit. Draws are keyed (bench_seed,
 * OAC_RNG_BENCH, channel, what), so that adding channels changes none of those before. */
#ifndef OAC_SIM_BENCH_H
#define OAC_SIM_BENCH_H

#include <stddef.h>

#include "base/status.h"
#include "sim/components/adc.h"
#include "sim/components/amplifier.h"
#include "sim/components/dac.h"
#include "sim/components/detector.h"
#include "sim/components/drift.h"
#include "sim/components/fiber.h"
#include "sim/components/laser.h"
#include "sim/components/mzm.h"
#include "sim/rig.h"

struct oac_bench_channel {
    double frequency_hz;
    double power_w;        /* at the laser setting of the rig, before the weight modulator */
    struct oac_mzm weight; /* this channel's modulator */
    struct oac_mzm client; /* the client's modulator at this channel's wavelength */
    double electrons_per_joule;   /* eta/(h nu_k) */
    double gain;                  /* electrical, relative to nominal; not the APD's M */
    double gain_plus, gain_minus; /* of the pair's detectors, relative: pair mismatch */
    double delay_s;               /* fiber walk-off relative to the centre */
    double predelay_s;            /* what the server applies at open: -nominal delay, or 0 */
    double adc_delay_s;           /* light to ADC sample; the waveform engine's */
    double ase_w_per_hz;          /* one polarisation, at the amplifier's output */
    struct oac_dac *weight_dac;
    struct oac_adc *adc;
    struct oac_drift bias_drift;  /* [V] of the weight modulator's V_peak */
    struct oac_drift power_drift; /* relative */
    struct oac_drift gain_drift;  /* relative */
};

struct oac_bench {
    size_t channels;
    struct oac_laser laser;
    struct oac_fiber fiber;
    struct oac_amplifier amplifier;
    struct oac_detector detector;
    struct oac_dac *client_dac;
    struct oac_drift client_bias_drift; /* [V] */
    double *demux;                      /* (channels, channels) power, see demux.h */
    struct oac_bench_channel *channel;  /* (channels) */
};

enum oac_status oac_bench_create(const struct oac_rig *rig, struct oac_bench **bench,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_bench_destroy(struct oac_bench *bench); /* NULL is fine */

/* sim/bench_faults.c: breaks what rig->fault lists. Channels have been checked. */
void oac_bench_break(const struct oac_rig *rig, struct oac_bench *bench);

#endif
