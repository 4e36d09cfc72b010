/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slow settings do what they say, and drift is the same motion: a drifted bench reads what a still bench
 * reads whose settings were turned by the drift. */
#include "tests/sim/analytic_fixture.h"

#include "sim/bench.h"

#define SLOTS 40
#define ROWS  4

static void expect_equal(const double *found, const double *want, double tolerance,
                         const char *what)
{
    for (size_t k = 0; k < ROWS; k++)
        cr_expect(fabs(found[k] - want[k]) <= tolerance,
                  "%s, row %zu: %.9g electrons, expected %.9g", what, k, found[k], want[k]);
}

/* Single precision: 100 float sums and a float code lose some 1e-7 each of full light. */
static double rounding(const struct optics *o)
{
    return 1e-6 * SLOTS * full_electrons(&o->rig, 0, 0);
}

Test(analytic_settings, every_setting_reads_back)
{
    struct optics o;
    optics_open(&o, OAC_NOISE_NONE, NULL);
    for (int setting = 0; setting < OAC_SETTINGS; setting++) {
        struct oac_range range = o.link.caps->settings[setting];
        if (!(range.max >= range.min))
            continue;
        double value = setting == OAC_LASER_ON ? 0.0 : 0.25 * range.min + 0.75 * range.max, got;
        struct oac_err err;
        optics_turn(&o, (enum oac_setting)setting, 0, value);
        cr_assert_eq(o.link.ops->get(o.link.self, (enum oac_setting)setting, 0, &got, &err),
                     OAC_OK);
        cr_expect_float_eq(got, value, 1e-12 * fabs(value) + 1e-18, "%s",
                           oac_setting_name((enum oac_setting)setting));
    }
    optics_close(&o);
}

Test(analytic_settings, laser_power_in_dbm_scales_a_channel)
{
    struct optics o;
    struct pattern p;
    double before[ROWS], after[ROWS];
    optics_open(&o, OAC_NOISE_NONE, NULL);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    optics_electrons(&o, &p, 0, before);
    optics_turn(&o, OAC_LASER_DBM, 2, -29.0 + 4.0);
    optics_electrons(&o, &p, 0, after);
    before[2] *= pow(10.0, 0.4);
    expect_equal(after, before, 3.0 * rounding(&o), "4 dB more");
    optics_close(&o);
}

Test(analytic_settings, a_laser_that_is_off_leaves_its_neighbours_crosstalk)
{
    const char *sets[] = {"demux.adjacent_db=10", "demux.il_db=1", NULL};
    struct optics o;
    struct pattern p;
    double all[ROWS], without[ROWS];
    optics_open(&o, OAC_NOISE_NONE, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    optics_electrons(&o, &p, 0, all);
    optics_turn(&o, OAC_LASER_ON, 1, 0.0);
    optics_electrons(&o, &p, 0, without);
    for (size_t k = 0; k < ROWS; k++) {
        double lost = 0.0;
        for (size_t n = 0; n < SLOTS; n++)
            lost += full_electrons(&o.rig, k, 1) *
                    mzm_t(&o.rig.weight_modulator,
                          dac_v(&o.rig.weight_dac, p.weight[SLOTS + n]), 1.0) *
                    mzm_t(&o.rig.client_modulator, dac_v(&o.rig.client_dac, p.x[n]), 1.0);
        cr_expect(fabs(all[k] - without[k] - lost) <= rounding(&o),
                  "row %zu: lost %g, expected %g", k, all[k] - without[k], lost);
    }
    optics_close(&o);
}

/* A bias of 200 steps of the DAC is what codes higher by 200 say. */
Test(analytic_settings, biases_add_to_the_dacs)
{
    struct optics o;
    struct pattern p, shifted;
    double found[ROWS], want[ROWS];
    optics_open(&o, OAC_NOISE_NONE, NULL);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        p.weight[i] = (uint16_t)(p.weight[i] / 2);
    for (size_t n = 0; n < SLOTS; n++)
        p.x[n] = (uint16_t)(p.x[n] / 2);
    shifted = p;
    for (size_t n = 0; n < SLOTS; n++)
        shifted.weight[3 * SLOTS + n] = (uint16_t)(p.weight[3 * SLOTS + n] + 200);
    for (size_t n = 0; n < SLOTS; n++)
        shifted.x[n] = (uint16_t)(p.x[n] + 300);
    shifted.null_x_code = 300;
    optics_electrons(&o, &shifted, 0, want);
    optics_turn(&o, OAC_BIAS_WEIGHT_V, 3, 200.0 / 4095.0);
    optics_turn(&o, OAC_BIAS_CLIENT_V, 0, 300.0 / 4095.0);
    optics_electrons(&o, &p, 0, found);
    expect_equal(found, want, rounding(&o), "biased");
    optics_close(&o);
}

Test(analytic_settings, receiver_gain_multiplies_electrons)
{
    struct optics o;
    struct pattern p;
    double found[ROWS], want[ROWS];
    optics_open(&o, OAC_NOISE_NONE, NULL);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    optics_electrons(&o, &p, 0, want);
    optics_turn(&o, OAC_RX_GAIN, 0, 0.3);
    optics_electrons(&o, &p, 0, found);
    want[0] *= 0.3;
    expect_equal(found, want, rounding(&o), "gain 0.3");
    optics_close(&o);
}

Test(analytic_settings, a_setting_reaches_frames_that_were_loaded_before)
{
    struct optics o;
    struct pattern p;
    float before[ROWS], after[ROWS], again[ROWS];
    optics_open(&o, OAC_NOISE_NONE, NULL);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    uint32_t handle = optics_load(&o, &p);
    optics_play(&o, handle, &p, 1, 0, before, NULL, NULL);
    optics_turn(&o, OAC_LASER_DBM, 0, -32.0);
    optics_play(&o, handle, &p, 1, 0, after, NULL, NULL);
    optics_turn(&o, OAC_LASER_DBM, 0, -29.0);
    optics_play(&o, handle, &p, 1, 0, again, NULL, NULL);
    cr_expect_float_eq(after[0] / before[0], pow(10.0, -0.3), 1e-5);
    cr_expect_arr_eq(before, again, sizeof before);
    optics_close(&o);
}

/* What drift does at a slot, by turning a still bench's settings. tau is so short that drift is taken in
 * every slot anew, at its middle. */
static void expect_drift(const char *const *sets)
{
    struct optics moving, still;
    struct pattern p;
    struct oac_bench *truth;
    struct oac_err err;
    double found[ROWS], want[ROWS], unmoved[ROWS];
    optics_open(&moving, OAC_NOISE_DRIFT, sets);
    optics_open(&still, OAC_NOISE_NONE, sets);
    cr_assert_eq(oac_bench_create(&moving.rig, &truth, &err), OAC_OK, "%s", err.message);
    pattern_fill(&p, &moving, ROWS, SLOTS, 1);
    p.null_x_code = 40;
    optics_electrons(&still, &p, 0, unmoved);
    double largest = 0.0;
    for (uint64_t slot0 = 7; slot0 < 3000000; slot0 = slot0 * 3 + 1) {
        double t = ((double)slot0 + 0.5) / moving.rig.slot_rate_hz;
        for (size_t k = 0; k < ROWS; k++) {
            const struct oac_bench_channel *c = &truth->channel[k];
            optics_turn(&still, OAC_BIAS_WEIGHT_V, k, -oac_drift_at(&c->bias_drift, t, NULL));
            optics_turn(&still, OAC_RX_GAIN, k, 1.0 + oac_drift_at(&c->gain_drift, t, NULL));
            optics_turn(&still, OAC_LASER_DBM, k,
                        moving.rig.laser.power_dbm +
                            10.0 * log10(1.0 + oac_drift_at(&c->power_drift, t, NULL)));
        }
        optics_turn(&still, OAC_BIAS_CLIENT_V, 0,
                    -oac_drift_at(&truth->client_bias_drift, t, NULL));
        optics_electrons(&still, &p, slot0, want);
        optics_electrons(&moving, &p, slot0, found);
        /* three times the rounding: sums of cosines are of either sign and twice as large */
        expect_equal(found, want, 3.0 * rounding(&still), "drift");
        for (size_t k = 0; k < ROWS; k++)
            largest = fmax(largest, fabs(want[k] - unmoved[k]));
    }
    cr_expect_gt(largest, 3000.0 * rounding(&still), "drift moved nothing");
    oac_bench_destroy(truth);
    optics_close(&moving);
    optics_close(&still);
}

#define TAU                                                        \
    "laser.drift_tau_s=6e-5", "weight_modulator.drift_tau_s=6e-5", \
        "client_modulator.drift_tau_s=6e-5", "detector.drift_tau_s=6e-5"

Test(analytic_settings, drifting_lasers)
{
    const char *sets[] = {TAU, "laser.drift_sigma=0.05", "demux.adjacent_db=9", "demux.il_db=1",
                          NULL};
    expect_drift(sets);
}

Test(analytic_settings, drifting_weight_biases)
{
    const char *sets[] = {TAU, "weight_modulator.drift_sigma_v=0.05",
                          "weight_modulator.er_db=15", NULL};
    expect_drift(sets);
}

Test(analytic_settings, drifting_weight_biases_through_crosstalk)
{
    const char *sets[] = {TAU, "weight_modulator.drift_sigma_v=0.05", "demux.adjacent_db=9",
                          "demux.il_db=1", NULL};
    expect_drift(sets);
}

Test(analytic_settings, a_drifting_client_bias)
{
    const char *sets[] = {TAU, "client_modulator.drift_sigma_v=0.05",
                          "client_modulator.er_db=15", NULL};
    expect_drift(sets);
}

Test(analytic_settings, drifting_gains)
{
    const char *sets[] = {TAU, "detector.drift_sigma=0.05", NULL};
    expect_drift(sets);
}

Test(analytic_settings, everything_drifting_with_slow_modulators)
{
    const char *sets[] = {TAU,
                          "detector.drift_sigma=0.03",
                          "client_modulator.drift_sigma_v=0.02",
                          "weight_modulator.drift_sigma_v=0.03",
                          "laser.drift_sigma=0.03",
                          "weight_modulator.bandwidth_hz=2e9",
                          "client_modulator.bandwidth_hz=2e9",
                          NULL};
    expect_drift(sets);
}
