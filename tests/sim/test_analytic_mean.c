/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Without noise the engine's readouts are the closed-form means, whatever the bench is made of. */
#include "tests/sim/analytic_fixture.h"

/* Row k's mean [output electrons] by hand; *scale: the sum of what was added, for tolerances. */
static double by_hand(const struct oac_rig *rig, const struct pattern *p, size_t k,
                      double *scale)
{
    const double m = rig->detector.gain, half = rig->detector.pair_mismatch / 2.0;
    double up = 1.0 + half, down = p->differential ? 1.0 - half : 0.0, sum = 0.0, dark = 0.0;
    double ase = ase_electrons(rig, k) * ase_modes(rig) * (up - down);
    bool before = rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    for (size_t n = 0; n < p->slots; n++) {
        double x = mzm_t(&rig->client_modulator, dac_v(&rig->client_dac, p->x[n]),
                         client_vpi_scale(rig, k));
        for (size_t j = 0; j < (size_t)rig->channels; j++) {
            uint16_t code = j < p->rows ? p->weight[j * p->slots + n] : 0;
            double t = mzm_t(&rig->weight_modulator, dac_v(&rig->weight_dac, code), 1.0);
            double light = (double)p->launch * full_electrons(rig, k, j) * x;
            sum += light * (up * t - down * mzm_complement_t(&rig->weight_modulator, t));
        }
        sum += ase * (before ? x : 1.0);
        dark += m * dark_electrons(rig) +
                rig->detector.surface_dark_a / (OAC_ELEMENTARY_CHARGE_C * rig->slot_rate_hz);
    }
    *scale = (double)p->slots * (double)p->launch * full_electrons(rig, k, k) * m + dark;
    return m * sum + (p->differential ? 0.0 : dark);
}

static void expect_mean_of(const char *const *sets, bool differential, size_t rows,
                           float launch, double extra)
{
    struct optics o;
    struct pattern p;
    double found[ROWS_MAX];
    optics_open(&o, OAC_NOISE_NONE, sets);
    pattern_fill(&p, &o, rows, 100, 1);
    p.differential = differential;
    p.launch = launch;
    p.null_x_code = 17;
    optics_electrons(&o, &p, 12345, found);
    /* A float holds a code to 6e-8 of its size, offset of the ADC included; sums of 100 floats in some order
     * lose at most a few times that. */
    double offset = fabs(electrons_of_code(&o.rig, 0.0, p.slots));
    for (size_t k = 0; k < rows; k++) {
        double scale, want = by_hand(&o.rig, &p, k, &scale);
        double tolerance = 1e-6 * scale + 2e-7 * offset + extra * scale;
        cr_expect(fabs(found[k] - want) <= tolerance,
                  "row %zu: %.9g electrons, expected %.9g +- %.2g", k, found[k], want,
                  tolerance);
    }
    optics_close(&o);
}

static void expect_mean(const char *const *sets)
{
    expect_mean_of(sets, false, 4, 1.0f, 0.0);
}

Test(analytic_mean, plain_bench)
{
    expect_mean(NULL);
}

Test(analytic_mean, fewer_rows_than_channels)
{
    const char *sets[] = {"weight_modulator.er_db=10", NULL};
    expect_mean_of(sets, false, 3, 1.0f, 0.0);
}

Test(analytic_mean, parked_channels_leak_through_the_demux)
{
    const char *sets[] = {"weight_modulator.er_db=10", "demux.adjacent_db=8",
                          "demux.nonadjacent_db=13", "demux.il_db=2", NULL};
    expect_mean_of(sets, false, 2, 1.0f, 0.0);
}

Test(analytic_mean, finite_extinction_and_losses)
{
    const char *sets[] = {"weight_modulator.er_db=17", "weight_modulator.il_db=4.5",
                          "client_modulator.er_db=13", "client_modulator.il_db=3.5",
                          "fiber.length_m=5000",       "fiber.loss_db_per_km=0.2",
                          "fiber.attenuator_db=1.3",   "detector.quantum_efficiency=0.7",
                          "demux.il_db=2.2",           NULL};
    expect_mean(sets);
}

Test(analytic_mean, launch_power_of_the_window)
{
    const char *sets[] = {"weight_modulator.er_db=17", "detector.dark_a=1e-7", NULL};
    expect_mean_of(sets, false, 4, 3.7f, 0.0);
    expect_mean_of(sets, false, 4, 0.01f, 0.0);
}

Test(analytic_mean, crosstalk)
{
    const char *sets[] = {"demux.adjacent_db=9", "demux.nonadjacent_db=14", "demux.il_db=1.5",
                          "laser.grid_hz=2e12", NULL};
    expect_mean(sets);
}

Test(analytic_mean, balanced_pair_with_mismatch)
{
    const char *sets[] = {"weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "adc.min_v=-0.5",
                          "detector.pair_mismatch=-0.07",
                          "weight_modulator.er_db=17",
                          "weight_modulator.il_db=2",
                          "detector.dark_a=1e-7",
                          NULL};
    expect_mean_of(sets, true, 4, 1.0f, 0.0);
    expect_mean_of(sets, false, 4, 1.0f, 0.0);
}

Test(analytic_mean, balanced_pair_with_crosstalk)
{
    const char *sets[] = {"weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "adc.min_v=-0.5",
                          "demux.adjacent_db=9",
                          "demux.il_db=1.5",
                          "weight_modulator.er_db=17",
                          NULL};
    expect_mean_of(sets, true, 3, 2.0f, 0.0);
}

#define EDFA "amplifier.gain_db=10", "amplifier.nf_db=6", "amplifier.bandwidth_hz=400e9"

Test(analytic_mean, amplifier_before_the_client)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=before_client",
                          "client_modulator.il_db=3",
                          "client_modulator.er_db=15",
                          "demux.il_db=2",
                          "laser.power_dbm=-45",
                          NULL};
    expect_mean(sets);
}

Test(analytic_mean, amplifier_after_the_client)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=after_client",
                          "client_modulator.il_db=3",
                          "amplifier.polarisations=1",
                          "laser.power_dbm=-45",
                          NULL};
    expect_mean(sets);
}

Test(analytic_mean, amplified_pair_with_mismatch)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=before_client",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "detector.pair_mismatch=0.1",
                          "adc.min_v=-0.5",
                          "laser.power_dbm=-45",
                          NULL};
    expect_mean_of(sets, true, 4, 1.0f, 0.0);
}

Test(analytic_mean, avalanche_with_dark_currents)
{
    const char *sets[] = {"detector.kind=apd",
                          "detector.gain=9",
                          "detector.excess_noise=4",
                          "detector.dark_a=2e-7",
                          "detector.surface_dark_a=5e-7",
                          "laser.power_dbm=-35",
                          NULL};
    expect_mean(sets);
}

Test(analytic_mean, transimpedance_amplifier_sums_its_conversions)
{
    const char *sets[] = {"receiver.kind=tia", "receiver.gain_v_per_a=1e5", "adc.min_v=-0.1",
                          NULL};
    expect_mean(sets);
}

Test(analytic_mean, counter)
{
    const char *sets[] = {"detector.kind=counting", "receiver.kind=counter",
                          "laser.power_dbm=-60", "detector.dark_counts_hz=3e6", NULL};
    expect_mean(sets);
}

/* The client's T is taken to first order in V_pi's relative deviation d: what is left is at most
 * (d pi)^2/4 of full light. 1 THz grid: d <= 0.8 %. */
Test(analytic_mean, vpi_that_follows_the_wavelength)
{
    const char *sets[] = {"laser.grid_hz=1e12", "client_modulator.vpi_tracks_wavelength=yes",
                          "client_modulator.er_db=20", NULL};
    double d = 1.5e12 / 193.4e12, bound = d * d * OAC_PI * OAC_PI / 4.0;
    expect_mean_of(sets, false, 4, 1.0f, bound);
}

/* ... which is what makes it different from a V_pi that does not: by 30 times that bound. */
Test(analytic_mean, vpi_that_follows_the_wavelength_matters)
{
    const char *tracks[] = {"laser.grid_hz=1e12", "client_modulator.vpi_tracks_wavelength=yes",
                            NULL};
    const char *rigid[] = {"laser.grid_hz=1e12", NULL};
    struct optics a, b;
    struct pattern p;
    double with[ROWS_MAX], without[ROWS_MAX];
    optics_open(&a, OAC_NOISE_NONE, tracks);
    optics_open(&b, OAC_NOISE_NONE, rigid);
    pattern_fill(&p, &a, 4, 100, 1);
    for (size_t i = 0; i < 400; i++)
        p.weight[i] = 4095;
    for (size_t n = 0; n < 100; n++)
        p.x[n] = 1400;
    optics_electrons(&a, &p, 0, with);
    optics_electrons(&b, &p, 0, without);
    for (size_t k = 0; k < 4; k++) {
        double theta = OAC_PI * (dac_v(&a.rig.client_dac, 1400) - 1.0);
        double d = client_vpi_scale(&a.rig, k) - 1.0;
        double slope = 0.5 * sin(theta) * theta * d / (0.5 * (1.0 + cos(theta)));
        double change = with[k] / without[k] - 1.0;
        cr_expect_float_eq(change, slope, 1e-5, "row %zu changes by %g, expected %g", k, change,
                           slope);
    }
    optics_close(&a);
    optics_close(&b);
}

/* A noise that is next to nothing changes next to nothing, whichever way the client's light is computed: by table,
 * or slot by slot for its drive noise. Null codes have converter errors like all others; here half-way up
 * the curve, where light follows them. */
Test(analytic_mean, drive_noise_next_to_nothing_with_converter_errors)
{
    const char *sets[] = {"client_dac.inl_lsb=3", "client_dac.dnl_lsb=8",
                          "client_modulator.drive_noise_v=1e-9", NULL};
    struct optics table, slots;
    struct pattern p;
    double want[ROWS_MAX], found[ROWS_MAX];
    optics_open(&table, OAC_NOISE_NONE, sets);
    optics_open(&slots, OAC_NOISE_DRIVE, sets);
    pattern_fill(&p, &table, 4, 100, 1);
    p.null_x_code = 1900;
    optics_electrons(&table, &p, 0, want);
    optics_electrons(&slots, &p, 0, found);
    for (size_t k = 0; k < 4; k++) {
        const double full = 100.0 * full_electrons(&table.rig, k, k);
        cr_expect_float_eq(found[k], want[k], 2e-6 * full, "row %zu: off by %g of full scale",
                           k, (found[k] - want[k]) / full);
    }
    optics_close(&table);
    optics_close(&slots);
}
