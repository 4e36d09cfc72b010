/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics of the waveform engine's receivers. Every bound is 4 standard errors, that of a variance from the
 * sample's own fourth moment; 36,000 windows see 3 % of a variance, 100,000 see 1.8 %. */
#include "sim/components/detector.h"
#include "tests/sim/receive_fixture.h"

#define GRID_WINDOWS 36000u
#define WAY_WINDOWS  100000u

static const double Q = OAC_ELEMENTARY_CHARGE_C;
static const char *const GRIDS[] = {"wave.samples_per_slot=8", "wave.samples_per_slot=16",
                                    "wave.samples_per_slot=32"};

/* Output electrons^2 of a window on this stand. */
typedef double (*closed_form)(const struct stand *s);

static double window_s(const struct stand *s)
{
    return (double)s->slots * s->self.slot_s;
}

static double shot(const struct stand *s)
{
    const struct oac_rig *rig = &s->self.rig;
    double bulk = rig->detector.dark_a / Q * window_s(s);
    double surface = rig->detector.surface_dark_a / Q * window_s(s);
    double m2f = rig->detector.gain * rig->detector.gain * rig->detector.excess_noise;
    return m2f * (stand_sum(s, 0, 0) + bulk) + surface;
}

static double tia(const struct stand *s)
{
    double in = s->self.rig.receiver.in_a_per_rthz / Q;
    return 0.5 * in * in * window_s(s);
}

static double reset(const struct stand *s)
{
    return OAC_BOLTZMANN_J_PER_K * 300.0 * s->self.rig.receiver.capacitance_f / (Q * Q);
}

static double read_of_slots(const struct stand *s)
{
    double slot = s->self.rig.receiver.read_noise_v * s->self.slot_s /
                  (s->self.rig.receiver.gain_v_per_a * Q);
    return (double)s->slots * slot * slot / (double)s->self.rig.adc.samples_per_slot;
}

static double read_once(const struct stand *s)
{
    double read = s->self.rig.receiver.read_noise_v * s->self.rig.receiver.capacitance_f / Q;
    return read * read;
}

static double mean_of(const struct stand *s)
{
    double gain = s->self.bench->detector.gain;
    double dark = gain * s->self.rig.detector.dark_a + s->self.rig.detector.surface_dark_a;
    return gain * stand_sum(s, 0, 0) + dark / Q * window_s(s);
}

/* The same readout on grids of 8, 16 and 32 samples a slot; sets[0] is where the grid goes. */
static void on_every_grid(const char **sets, uint32_t noise, double slot_electrons,
                          closed_form variance, const char *what)
{
    for (size_t i = 0; i < 3; i++) {
        struct stand s;
        sets[0] = GRIDS[i];
        stand_open(&s, 4, noise, sets);
        if (s.self.rig.receiver.kind == OAC_RECEIVER_TIA)
            stand_sample(&s, 0);
        stand_pattern(&s, slot_electrons);
        struct moments m = stand_moments(&s, 0, GRID_WINDOWS, false, 0);
        char name[80];
        snprintf(name, sizeof name, "%s, %s", what, GRIDS[i]);
        expect_moments(&m, mean_of(&s), variance(&s), name);
        stand_close(&s);
    }
}

Test(wave_receive_statistics, shot_noise_does_not_depend_on_the_grid)
{
    const char *held[] = {NULL, "channels=1", "detector.surface_dark_a=1e-5", NULL};
    const char *apd[] = {NULL,
                         "channels=1",
                         "detector.kind=apd",
                         "detector.gain=10",
                         "detector.excess_noise=5",
                         "detector.dark_a=1e-8",
                         "receiver.kind=tia",
                         "adc.samples_per_slot=2",
                         NULL};
    on_every_grid(held, OAC_NOISE_SHOT, 1e4, shot, "shot, integrator");
    on_every_grid(apd, OAC_NOISE_SHOT, 1e4, shot, "shot, apd and tia");
}

Test(wave_receive_statistics, thermal_and_read_noise_do_not_depend_on_the_grid)
{
    const char *current[] = {NULL,
                             "channels=1",
                             "receiver.kind=tia",
                             "receiver.in_a_per_rthz=1e-11",
                             "adc.samples_per_slot=8",
                             "timing.adc_delay_s=0.043e-9",
                             NULL};
    const char *integrator[] = {NULL, "channels=1", "receiver.read_noise_v=1e-3", NULL};
    const char *conversions[] = {NULL,
                                 "channels=1",
                                 "receiver.kind=tia",
                                 "receiver.read_noise_v=1e-3",
                                 "adc.samples_per_slot=4",
                                 NULL};
    on_every_grid(current, OAC_NOISE_THERMAL, 0.0, tia, "thermal, tia");
    on_every_grid(integrator, OAC_NOISE_THERMAL, 1e4, reset, "thermal, reset");
    on_every_grid(integrator, OAC_NOISE_READ, 1e4, read_once, "read, integrator");
    on_every_grid(conversions, OAC_NOISE_READ, 1e4, read_of_slots, "read, tia");
}

/* White current i_n behind one pole B, through a boxcar T_c: variance of the mean
 * (i_n^2/2)(1/T_c)[1 - (tau/T_c)(1 - e^{-T_c/tau})]. */
Test(wave_receive_statistics, a_pole_takes_its_share_of_a_conversions_noise_on_every_grid)
{
    for (size_t i = 0; i < 3; i++) {
        const char *sets[] = {GRIDS[i],
                              "channels=1",
                              "receiver.kind=tia",
                              "receiver.in_a_per_rthz=1e-11",
                              "receiver.bandwidth_hz=1e9",
                              "adc.samples_per_slot=4",
                              NULL};
        struct stand s;
        stand_open(&s, 2, OAC_NOISE_THERMAL, sets);
        s.capture.picks = 1;
        s.pick[0] = 20;
        struct moments m = stand_moments(&s, 0, GRID_WINDOWS, false, 0);
        double tau = 1.0 / (2.0 * OAC_PI * 1e9), conversion_s = 0.25e-9;
        double u = conversion_s / tau;
        double current2 = 0.5e-22 / conversion_s * (1.0 + expm1(-u) / u);
        double want = current2 * pow(1e-9 / Q / 4.0, 2.0); /* a slot's quarter */
        /* within a step h the pole sees a constant: (h/tau)^2/12 of the variance at h = T/8 is 5 % of it */
        double h = s.self.grid.dt_s, coarse = h * h / (12.0 * tau * tau) * 2.0;
        cr_expect_float_eq(m.variance / want, 1.0, coarse + 4.0 * m.variance_se / want,
                           "%s: %.5g", GRIDS[i], m.variance / want);
        stand_close(&s);
    }
}

/* The short way and the sampled way have one distribution: mean and variance of each against the other. */
static void same_distribution(const char *const *sets, uint32_t noise, double electrons,
                              const char *what)
{
    struct stand s;
    stand_open(&s, 4, noise, sets);
    stand_pattern(&s, electrons);
    stand_gate(&s, 3.9e-9, 8.06e-9);
    struct moments a = stand_moments(&s, 0, WAY_WINDOWS, false, 0);
    struct moments b = stand_moments(&s, 0, WAY_WINDOWS, true, 0);
    cr_expect(fabs(a.mean - b.mean) < 4.0 * hypot(a.mean_se, b.mean_se) + 1e-6 * fabs(a.mean),
              "%s: means %.8g and %.8g, standard error %.3g", what, a.mean, b.mean,
              hypot(a.mean_se, b.mean_se));
    cr_expect(fabs(a.variance - b.variance) < 4.0 * hypot(a.variance_se, b.variance_se),
              "%s: variances %.6g and %.6g, standard error %.3g", what, a.variance, b.variance,
              hypot(a.variance_se, b.variance_se));
    stand_close(&s);
}

Test(wave_receive_statistics, the_short_way_has_the_distribution_of_the_sampled_one)
{
    const char *plain[] = {"channels=1", "detector.dark_a=1e-6", NULL};
    const char *pole[] = {"channels=1", "detector.bandwidth_hz=0.2e9",
                          "timing.adc_delay_s=0.17e-9", "detector.dark_a=1e-5", NULL};
    const char *droop[] = {"channels=1", "receiver.droop_per_s=2e8", "detector.dark_a=1e-5",
                           NULL};
    const char *one[] = {"channels=1", "detector.dark_a=1e-10", NULL};
    const char *leak[] = {"channels=1", "receiver.droop_per_s=2e8", NULL};
    const char *all[] = {"channels=1",
                         "detector.pair=yes",
                         "weight_modulator.dual_output=yes",
                         "detector.pair_mismatch=0.1",
                         "detector.kind=apd",
                         "detector.gain=4",
                         "detector.excess_noise=3",
                         "detector.bandwidth_hz=0.5e9",
                         "detector.surface_dark_a=1e-6",
                         "receiver.droop_per_s=2e7",
                         "receiver.read_noise_v=1e-5",
                         "receiver.capacitance_f=1e-13",
                         "adc.bits=12",
                         "adc.enob_bits=10",
                         "adc.min_v=-0.5",
                         NULL};
    same_distribution(plain, OAC_NOISE_SHOT, 1e4, "plain");
    same_distribution(pole, OAC_NOISE_SHOT, 1e4, "pole");
    same_distribution(droop, OAC_NOISE_SHOT | OAC_NOISE_THERMAL, 1e5, "droop");
    same_distribution(all, OAC_NOISE_ALL, 2e4, "all");
    same_distribution(one, OAC_NOISE_SHOT, 2.0, "few electrons");
    same_distribution(leak, OAC_NOISE_SHOT, 2.0, "few electrons that droop");
}

Test(wave_receive_statistics, dead_time_follows_its_moments_on_every_grid)
{
    for (size_t i = 0; i < 3; i++) {
        const char *sets[] = {GRIDS[i],
                              "channels=1",
                              "detector.kind=counting",
                              "receiver.kind=counter",
                              "detector.dead_time_s=0.05e-9",
                              NULL};
        struct stand s;
        double mean, variance, arrivals = 200.0;
        stand_open(&s, 100, OAC_NOISE_SHOT, sets);
        for (size_t n = 0; n < 100; n++)
            stand_light(&s, 0, 0, n, arrivals / 100.0);
        struct moments m = stand_moments(&s, 0, GRID_WINDOWS, false, 0);
        oac_detector_dead_time_moments(arrivals, 0.05e-9, 100e-9, &mean, &variance);
        /* it opens ready: (n tau/T)/2 counts times n tau/T more, 0.005 of 182; in the variance 0.1 % */
        cr_expect_float_eq(m.mean, mean + 0.005, 0.005 + 4.0 * m.mean_se, "%s: %g for %g",
                           GRIDS[i], m.mean, mean);
        cr_expect_float_eq(m.variance / variance, 1.0, 1e-3 + 4.0 * m.variance_se / variance,
                           "%s: %g for %g", GRIDS[i], m.variance, variance);
        stand_close(&s);
    }
}
