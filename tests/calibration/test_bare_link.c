/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link as a plain board has it: lasers that cannot be switched, modulators whose only voltage is the DAC's. */
#include <math.h>

#include "calibration/calibration.h"
#include "tests/calibration/random_bench.h"

#define CHANNELS 1

static void take_away(struct oac_link *link, enum oac_setting setting)
{
    link->caps->settings[setting] = (struct oac_range){.min = 1.0, .max = 0.0};
}

/* DACs that span 2 V_pi, as those of m2k-bench do, and peaks where its user left them: +-V_pi/4. */
static void open_bare(struct random_bench *bench, uint64_t seed)
{
    bench_draw_rig(bench, "netcast-local", CHANNELS, seed);
    struct oac_rig *r = &bench->rig;
    r->weight_dac.full_scale_v = r->client_dac.full_scale_v = 11.0;
    r->weight_dac.min_v = r->client_dac.min_v = -5.5;
    r->weight_modulator.bias_spread_v = 0.125 * r->weight_modulator.vpi_v;
    r->client_modulator.bias_spread_v = 0.125 * r->client_modulator.vpi_v;
    bench_open_rig(bench, OAC_NOISE_ALL & ~(uint32_t)OAC_NOISE_DRIFT, seed);
    take_away(&bench->link, OAC_LASER_ON);
    take_away(&bench->link, OAC_BIAS_WEIGHT_V);
    take_away(&bench->link, OAC_BIAS_CLIENT_V);
}

Test(bare_link, it_is_calibrated_by_its_darkest_codes)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct random_bench bench;
        struct oac_err err;
        struct oac_calibration *found;
        const struct oac_calibrate_options options = oac_calibrate_defaults();
        open_bare(&bench, seed);
        cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK,
                     "bench %llu: %s", (unsigned long long)seed, err.message);
        const double rr = pow(
            10.0, -0.1 * (bench.rig.weight_modulator.er_db + bench.rig.client_modulator.er_db));
        for (size_t k = 0; k < CHANNELS; k++) {
            const struct oac_calibration_channel *channel = &found->channel[k];
            const struct oac_mzm *truth = &bench.truth->channel[k].weight;
            const double full = (double)found->slots * channel->full_code;
            /* what leaks through both nulls counts as dark, and no more than that is wrong for it */
            cr_expect_leq(channel->verify_rms, 3e-3 + rr, "bench %llu channel %zu: %g",
                          (unsigned long long)seed, k, channel->verify_rms);
            /* converter errors of 1 lsb stay in the curve: 2.7 mV in 5 V */
            cr_expect_float_eq(channel->weight.vpi_v / truth->vpi_v, 1.0, 2e-3, "%g",
                               channel->weight.vpi_v / truth->vpi_v);
            cr_expect_gt(full, 1000.0);
        }
        oac_calibration_destroy(found);
        bench_close(&bench);
    }
}
