/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated bench that nobody has measured, and its truth. Imperfections are drawn as the issue of
 * calibration asks: V_pi +-20 %, peak +-V_pi, ER 12 to 35 dB, gain +-3 dB, offsets, delays, crosstalk -15
 * to -30 dB, all noises on; drift off. All are ranges, drawn uniformly: ER and crosstalk for a bench as a
 * whole, the others for each part. bench_draw_rig alone leaves the rig's own normal spreads, of which the
 * ranges are two sigma. */
#ifndef OAC_TESTS_CALIBRATION_RANDOM_BENCH_H
#define OAC_TESTS_CALIBRATION_RANDOM_BENCH_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rng.h"
#include "base/units.h"
#include "hal/link.h"
#include "sim/analytic.h"
#include "sim/bench.h"
#include "sim/components/receiver.h"
#include "sim/noise.h"
#include "sim/rig.h"

#define BENCH_SETS 24

struct random_bench {
    struct oac_rig rig;
    struct oac_bench *truth;
    struct oac_link link;
};

static inline double bench_draw(uint64_t seed, uint32_t sub, double low, double high)
{
    return low + (high - low) * oac_rng_uniform(seed, OAC_RNG_TEST, UINT64_C(1) << 32, sub);
}

static inline void bench_open_rig(struct random_bench *bench, uint32_t noise, uint64_t seed)
{
    const uint8_t hash[32] = {0};
    struct oac_err err;
    cr_assert_eq(oac_rig_check(&bench->rig, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_bench_create(&bench->rig, &bench->truth, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_analytic_open(&bench->rig, hash, noise, seed, &bench->link, &err), OAC_OK,
                 "%s", err.message);
}

/* Number `seed` of the random benches of this shipped rig, with so many channels: its rig alone. */
static inline void bench_draw_rig(struct random_bench *bench, const char *rig, int64_t channels,
                                  uint64_t seed)
{
    struct oac_err err;
    cr_assert_eq(oac_rig_read(rig, NULL, 0, &bench->rig, NULL, &err), OAC_OK, "%s",
                 err.message);
    struct oac_rig *r = &bench->rig;
    r->channels = channels;
    /* The engine moves V_pi with the wavelength to first order, which leaves (delta theta)^2/2 of full
     * scale: with four lines 8e-5 at theta = 8 and the rig's 200 GHz, as much as a fit's error; 2e-5 at
     * 100 GHz. */
    r->laser.grid_hz = 100e9;
    r->bench_seed = (int64_t)(1000 + seed);
    r->weight_modulator.vpi_spread = r->client_modulator.vpi_spread = 0.1;
    r->weight_modulator.bias_spread_v = 0.5 * r->weight_modulator.vpi_v;
    r->client_modulator.bias_spread_v = 0.5 * r->client_modulator.vpi_v;
    r->weight_modulator.er_db = bench_draw(seed, 0, 12.0, 35.0);
    r->client_modulator.er_db = bench_draw(seed, 1, 12.0, 35.0);
    r->detector.gain_spread_db = 1.5;
    r->adc.offset_spread_v = 5e-3;
    r->demux.adjacent_db = bench_draw(seed, 2, 15.0, 30.0);
    r->demux.nonadjacent_db = r->demux.adjacent_db + bench_draw(seed, 3, 3.0, 10.0);
    r->timing.skew_s = bench_draw(seed, 4, -6.0, 6.0) / r->slot_rate_hz;
}

static inline void bench_open(struct random_bench *bench, const char *rig, int64_t channels,
                              uint64_t seed)
{
    bench_draw_rig(bench, rig, channels, seed);
    struct oac_rig *r = &bench->rig;
    r->spread = OAC_SPREAD_UNIFORM; /* the spreads are half widths then */
    r->weight_modulator.vpi_spread *= 2.0;
    r->client_modulator.vpi_spread *= 2.0;
    r->weight_modulator.bias_spread_v *= 2.0;
    r->client_modulator.bias_spread_v *= 2.0;
    r->detector.gain_spread_db *= 2.0;
    r->adc.offset_spread_v *= 2.0;
    bench_open_rig(bench, OAC_NOISE_ALL & ~(uint32_t)OAC_NOISE_DRIFT, seed);
}

static inline void bench_close(struct random_bench *bench)
{
    oac_link_close(&bench->link);
    oac_bench_destroy(bench->truth);
}

/* Volts per electron over volts per code, of channel k. */
static inline double bench_code_per_electron(const struct random_bench *bench, size_t k)
{
    const struct oac_rig *rig = &bench->rig;
    const struct oac_receiver_figures figures =
        oac_receiver_figures(rig, 1.0 / rig->slot_rate_hz);
    return figures.volts_per_electron * bench->truth->channel[k].gain /
           bench->truth->channel[k].adc->lsb_v;
}

/* Codes per slot that laser j leaves on detector k with all modulators at their peaks; drive noise of
 * sigma_V shortens both swings about the middle, which belongs to the mean curve: see bench_curve_r. */
static inline double bench_gain(const struct random_bench *bench, size_t k, size_t j)
{
    const struct oac_bench *t = bench->truth;
    return bench_code_per_electron(bench, k) * t->demux[k * t->channels + j] *
           t->channel[j].power_w * t->fiber.transmission * t->amplifier.gain *
           t->channel[j].electrons_per_joule / bench->rig.slot_rate_hz * t->detector.gain *
           t->channel[k].gain_plus * t->channel[j].weight.t_on * t->channel[j].client.t_on;
}

/* Mean curve under drive noise: peak of it, and null over peak. */
static inline double bench_curve_peak(const struct oac_mzm *mzm, double sigma_v, double *r)
{
    double peak, null, variance;
    oac_mzm_drive_moments(mzm, mzm->vpeak_v, sigma_v, &peak, &variance);
    oac_mzm_drive_moments(mzm, mzm->vpeak_v + mzm->vpi_v, sigma_v, &null, &variance);
    *r = null / peak;
    return peak / mzm->t_on;
}

#endif
