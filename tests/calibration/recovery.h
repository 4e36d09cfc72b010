/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Truth recovery: random benches are calibrated, and what was found is compared with what only the simulator
 * knows. */
#ifndef OAC_TESTS_CALIBRATION_RECOVERY_H
#define OAC_TESTS_CALIBRATION_RECOVERY_H

#include "calibration/calibration.h"
#include "calibration/fit_client.h"
#include "calibration/fit_transfer.h"
#include "tests/calibration/pulls.h"
#include "tests/calibration/random_bench.h"

enum recovered {
    PULL_OFFSET,
    PULL_DARK,
    PULL_DELAY,
    PULL_WEIGHT_VPI,
    PULL_WEIGHT_VPEAK,
    PULL_WEIGHT_R,
    PULL_GAIN,
    PULL_ADJACENT,
    PULL_NONADJACENT,
    PULL_CLIENT_VPI,
    PULL_CLIENT_VPEAK,
    PULL_CLIENT_R,
    PULLS
};

struct recovery {
    struct pulls pulls[PULLS];
    int wrong_branch, failed;
    size_t delay_outliers; /* readouts that the fits of delays left out */
};

static inline void recovery_init(struct recovery *recovery)
{
    static const char *const names[PULLS] = {
        "offset",         "dark",           "delay",         "weight V_pi",
        "weight V_peak",  "weight r",       "gain x T_on",   "crosstalk, neighbour",
        "crosstalk, far", "client V_pi(k)", "client V_peak", "client r"};
    *recovery = (struct recovery){.failed = 0};
    for (int i = 0; i < PULLS; i++)
        recovery->pulls[i].name = names[i];
}

static inline void recover_branch(struct recovery *recovery, const struct oac_curve *found,
                                  const struct oac_mzm *truth)
{
    const double peak_v = oac_branch_near(truth->vpeak_v, truth->vpi_v, found->vpeak_v);
    recovery->wrong_branch += !(fabs(found->vpeak_v - peak_v) < 0.1 * truth->vpi_v &&
                                fabs(found->vpi_v - truth->vpi_v) < 0.1 * truth->vpi_v);
}

static inline void recover_channel(struct recovery *recovery, const struct random_bench *bench,
                                   const struct oac_calibration *found, size_t k,
                                   double weight_sigma_v, double client_sigma_v)
{
    struct pulls *pulls = recovery->pulls;
    const struct oac_bench *t = bench->truth;
    const struct oac_bench_channel *truth = &t->channel[k];
    const struct oac_calibration_channel *channel = &found->channel[k];
    const double per_electron = bench_code_per_electron(bench, k);
    pulls_add(&pulls[PULL_OFFSET], channel->offset_code, oac_adc_linear(truth->adc, 0.0),
              oac_fit_sigma(&channel->dark_fit, 0));
    pulls_add(&pulls[PULL_DARK], channel->dark_code_per_slot,
              per_electron *
                  (t->detector.gain * t->detector.dark_per_s + t->detector.surface_dark_per_s) /
                  bench->rig.slot_rate_hz,
              oac_fit_sigma(&channel->dark_fit, 1));
    /* sim/analytic_waveform.c: walk-off and pre-delay, less the client's own lateness */
    const double late = (truth->delay_s + truth->predelay_s - bench->rig.timing.skew_s) *
                        bench->rig.slot_rate_hz;
    pulls_add(&pulls[PULL_DELAY], channel->late_slots, late, channel->late_sigma_slots);
    recovery->delay_outliers += channel->delay_fit.outliers;

    const struct oac_fit *fit = &channel->weight_fit;
    double r, client_r;
    const double peak = bench_curve_peak(&truth->weight, weight_sigma_v, &r) *
                        bench_curve_peak(&truth->client, client_sigma_v, &client_r);
    recover_branch(recovery, &channel->weight, &truth->weight);
    pulls_add(&pulls[PULL_WEIGHT_VPI], channel->weight.vpi_v, truth->weight.vpi_v,
              oac_fit_sigma(fit, OAC_TRANSFER_VPI));
    pulls_add(
        &pulls[PULL_WEIGHT_VPEAK], channel->weight.vpeak_v,
        oac_branch_near(truth->weight.vpeak_v, channel->weight.vpi_v, channel->weight.vpeak_v),
        oac_fit_sigma(fit, OAC_TRANSFER_VPEAK));
    pulls_add(&pulls[PULL_WEIGHT_R], channel->weight.r, r, oac_fit_sigma(fit, OAC_TRANSFER_R));
    pulls_add(&pulls[PULL_GAIN], channel->full_code, bench_gain(bench, k, k) * peak,
              channel->full_sigma_code);
    for (size_t j = 0; j < found->channels; j++) {
        const size_t at = k * found->channels + j;
        if (j != k)
            pulls_add(&pulls[j + 1 == k || k + 1 == j ? PULL_ADJACENT : PULL_NONADJACENT],
                      found->gain[at], bench_gain(bench, k, j) * peak, found->gain_sigma[at]);
    }
    const struct oac_client_data shape = {.count = found->channels};
    const struct oac_fit *client = found->client_fit;
    const size_t vpi = oac_client_vpi(&shape, k);
    pulls_add(&pulls[PULL_CLIENT_VPI], channel->client_vpi_v, truth->client.vpi_v,
              oac_fit_sigma(client, vpi));
    for (size_t j = 0; j < k; j++) { /* one modulator, one converter */
        const size_t other = oac_client_vpi(&shape, j);
        pulls_correlate(&pulls[PULL_CLIENT_VPI],
                        client->covariance[vpi * client->parameters + other] /
                            (oac_fit_sigma(client, vpi) * oac_fit_sigma(client, other)));
    }
    if (k > 0)
        return;
    pulls_add(&pulls[PULL_CLIENT_R], found->client.r, client_r,
              oac_fit_sigma(client, oac_client_r(&shape)));
    pulls_add(
        &pulls[PULL_CLIENT_VPEAK], found->client.vpeak_v,
        oac_branch_near(truth->client.vpeak_v, found->client.vpi_v, found->client.vpeak_v),
        oac_fit_sigma(client, oac_client_vpeak(&shape)));
    recover_branch(recovery, &found->client, &truth->client);
}

/* Calibrates an open bench, number `seed`, and closes it. */
static inline void recover_bench(struct recovery *recovery, struct random_bench *bench,
                                 uint64_t seed, const struct oac_calibrate_options *options)
{
    struct oac_calibration *found = NULL;
    struct oac_err err;
    if (oac_calibrate_measure(&bench->link, options, NULL, &found, &err) != OAC_OK) {
        fprintf(stderr, "bench %d: %s\n", (int)seed, err.message);
        recovery->failed++;
        bench_close(bench);
        return;
    }
    const struct oac_rig *rig = &bench->rig;
    const double weight_sigma_v =
        hypot(oac_dac_noise_v(&rig->weight_dac), rig->weight_modulator.drive_noise_v);
    const double client_sigma_v =
        hypot(oac_dac_noise_v(&rig->client_dac), rig->client_modulator.drive_noise_v);
    for (size_t k = 0; k < found->channels; k++)
        recover_channel(recovery, bench, found, k, weight_sigma_v, client_sigma_v);
    oac_calibration_destroy(found);
    bench_close(bench);
}

/* Benches first .. last, of four channels: crosstalk has neighbours and others. */
static inline void recover_benches(struct recovery *recovery, uint64_t first, uint64_t last)
{
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    recovery_init(recovery);
    for (uint64_t seed = first; seed <= last; seed++) {
        struct random_bench bench;
        bench_open(&bench, "netcast-86km", 4, seed);
        recover_bench(recovery, &bench, seed, &options);
    }
    fprintf(stderr, "%d benches not calibrated, %d wrong branches\n", recovery->failed,
            recovery->wrong_branch);
}

#endif
