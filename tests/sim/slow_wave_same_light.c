/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What both engines must agree on beside readouts: photons, joules, and readouts in spite of delays that only
 * the waveform engine has. */
#include "tests/sim/wave_benches.h"

#define SLOTS 16
#define ROWS  4

/* Detected photons of a window, and what a frame launches, do not depend on who computes them. */
Test(wave_same_light, photons_and_light_are_the_same)
{
    static const struct {
        const char *const *sets;
        bool differential;
    } benches[] = {{CROSSTALK, false},
                   {PAIR_BEFORE, true},
                   {AFTER, false},
                   {COMB_TIA, false},
                   {COUNTING, false}};
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        struct optics o[2];
        struct pattern p;
        double photons[2];
        struct oac_frame_light light[2];
        wave_open(&o[0], OAC_NOISE_NONE, benches[i].sets, false);
        optics_open(&o[1], OAC_NOISE_NONE, benches[i].sets);
        pattern_fill(&p, &o[0], ROWS, SLOTS, 2);
        p.differential = benches[i].differential;
        for (int e = 0; e < 2; e++) {
            float code[ROWS];
            struct oac_err err;
            uint32_t handle = optics_load(&o[e], &p);
            optics_play(&o[e], handle, &p, 1, 0, code, NULL, &photons[e]);
            cr_assert_eq(o[e].link.ops->light(o[e].link.self, handle, &light[e], &err), OAC_OK,
                         "%s", err.message);
            optics_close(&o[e]);
        }
        /* single precision */
        cr_expect_float_eq(photons[0], photons[1], 1e-5 * photons[1],
                           "bench %zu: %.8g, sim %.8g", i, photons[0], photons[1]);
        cr_expect_float_eq(light[0].launched_j, light[1].launched_j, 1e-5 * light[1].launched_j,
                           "bench %zu: launched %.8g J, sim %.8g J", i, light[0].launched_j,
                           light[1].launched_j);
        cr_expect_float_eq(light[0].client_in_j, light[1].client_in_j,
                           1e-5 * light[1].client_in_j, "bench %zu: client %.8g J, sim %.8g J",
                           i, light[0].client_in_j, light[1].client_in_j);
        cr_expect_float_eq(light[0].photons_preweight, light[1].photons_preweight,
                           1e-5 * light[1].photons_preweight,
                           "bench %zu: preweight %.8g, sim %.8g", i, light[0].photons_preweight,
                           light[1].photons_preweight);
    }
}

/* What the modem must find out without being told: data 2.3 slots late, ADCs 5 slots behind the light and each
 * by a part of its own. Readouts are those of a bench without. */
static void hidden_delays(const char *const *sets, double tolerance)
{
    struct optics o;
    struct pattern p;
    double mean[ROWS], variance[ROWS], found[ROWS];
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    pattern_fill(&p, &o, ROWS, SLOTS, 7);
    wave_moments(&o, &p, OAC_NOISE_NONE, mean, variance);
    optics_electrons(&o, &p, 0, found);
    for (size_t k = 0; k < ROWS; k++)
        cr_expect_float_eq(found[k], mean[k], tolerance * mean[k],
                           "row %zu: %.8g, expected %.8g", k, found[k], mean[k]);
    optics_close(&o);
}

/* Tolerance: what a hundredth of a sample of a slot moves between neighbours, 1/800 of a full slot of 16. */
Test(wave_same_light, hidden_delays_are_found_and_taken_out)
{
    const char *integrator[] = {"timing.skew_s=2.3e-9", "timing.adc_delay_s=5e-9",
                                "timing.adc_delay_spread_s=0.3e-9", NULL};
    const char *tia[] = {"timing.skew_s=-2.3e-9",
                         "timing.adc_delay_s=5e-9",
                         "timing.adc_delay_spread_s=0.3e-9",
                         "receiver.kind=tia",
                         "receiver.gain_v_per_a=1e5",
                         "adc.samples_per_slot=8",
                         NULL};
    hidden_delays(integrator, 2e-3);
    hidden_delays(tia, 2e-3);
}
