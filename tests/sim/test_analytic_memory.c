/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Light that remembers earlier slots: poles of the modulators, walk-off of the fiber. */
#include "tests/sim/analytic_fixture.h"

#define SLOTS 24
#define STEPS 2000

/* Mean electrons of row k when both drives follow their codes through one pole each, by the midpoint rule;
 * both rest at code 0 (dark) before the window. */
static double integrate(const struct oac_rig *rig, const struct pattern *p, size_t k)
{
    double slot_s = 1.0 / rig->slot_rate_hz, sum = 0.0;
    double tau_w = 1.0 / (2.0 * OAC_PI * rig->weight_modulator.bandwidth_hz);
    double tau_x = 1.0 / (2.0 * OAC_PI * rig->client_modulator.bandwidth_hz);
    double w = dac_v(&rig->weight_dac, 0), x = dac_v(&rig->client_dac, 0);
    for (size_t n = 0; n < p->slots; n++) {
        double to_w = dac_v(&rig->weight_dac, p->weight[k * p->slots + n]);
        double to_x = dac_v(&rig->client_dac, p->x[n]);
        for (int i = 0; i < STEPS; i++) {
            double t = (i + 0.5) * slot_s / STEPS;
            double v_w = tau_w > 0.0 ? to_w + (w - to_w) * exp(-t / tau_w) : to_w;
            double v_x = tau_x > 0.0 ? to_x + (x - to_x) * exp(-t / tau_x) : to_x;
            sum += mzm_t(&rig->weight_modulator, v_w, 1.0) *
                   mzm_t(&rig->client_modulator, v_x, client_vpi_scale(rig, k)) / STEPS;
        }
        w = tau_w > 0.0 ? to_w + (w - to_w) * exp(-slot_s / tau_w) : to_w;
        x = tau_x > 0.0 ? to_x + (x - to_x) * exp(-slot_s / tau_x) : to_x;
    }
    return full_electrons(rig, k, k) * sum;
}

/* Within 1e-4 of full light, whatever the overlap of the two memories (docs/physics.md asks for 3e-5 of two
 * overlapping waveforms; the rule here is good to 1e-6). */
static void expect_integral_to(const char *const *sets, double tolerance)
{
    struct optics o;
    struct pattern p;
    double found[ROWS_MAX];
    optics_open(&o, OAC_NOISE_NONE, sets);
    pattern_fill(&p, &o, 4, SLOTS, 2);
    optics_electrons(&o, &p, 0, found);
    for (size_t k = 0; k < 4; k++) {
        double want = integrate(&o.rig, &p, k), full = SLOTS * full_electrons(&o.rig, k, k);
        cr_expect(fabs(found[k] - want) <= tolerance * full,
                  "row %zu: %.9g, expected %.9g (%.2g of full light)", k, found[k], want,
                  (found[k] - want) / full);
    }
    optics_close(&o);
}

static void expect_integral(const char *const *sets)
{
    expect_integral_to(sets, 1e-4);
}

Test(analytic_memory, weights_with_a_pole)
{
    const char *sets[] = {"weight_modulator.bandwidth_hz=2e9", NULL};
    expect_integral(sets);
}

Test(analytic_memory, client_with_a_pole)
{
    const char *sets[] = {"client_modulator.bandwidth_hz=2e9", NULL};
    expect_integral(sets);
}

Test(analytic_memory, both_with_equal_poles)
{
    const char *sets[] = {"weight_modulator.bandwidth_hz=1e9",
                          "client_modulator.bandwidth_hz=1e9", "weight_modulator.er_db=20",
                          "client_modulator.er_db=20", NULL};
    expect_integral(sets);
}

Test(analytic_memory, both_with_different_poles)
{
    const char *sets[] = {"weight_modulator.bandwidth_hz=4e9",
                          "client_modulator.bandwidth_hz=1e9", NULL};
    expect_integral(sets);
    const char *swapped[] = {"weight_modulator.bandwidth_hz=1e9",
                             "client_modulator.bandwidth_hz=4e9", NULL};
    expect_integral(swapped);
}

/* Six points of a slot resolve one time scale; of two that are 60 apart they miss up to 3e-3 of one slot's
 * full light (scanned from 0.5 to 120 times the slot rate), random in sign over slots. */
Test(analytic_memory, poles_far_apart_within_what_six_points_resolve)
{
    const char *sets[] = {"weight_modulator.bandwidth_hz=0.5e9",
                          "client_modulator.bandwidth_hz=30e9", "guard_slots=8", NULL};
    expect_integral_to(sets, 3e-3 / sqrt(SLOTS));
}

Test(analytic_memory, poles_and_vpi_that_follows_the_wavelength)
{
    const char *sets[] = {
        "weight_modulator.bandwidth_hz=2e9", "client_modulator.bandwidth_hz=1.5e9",
        "client_modulator.vpi_tracks_wavelength=yes", "laser.grid_hz=200e9", NULL};
    expect_integral(sets);
}

/* Readout when weights are `idle` but for one slot `lit`, and the client opens only slot `at`. */
static double gated(const char *const *sets, uint16_t idle, uint16_t lit, size_t at)
{
    struct optics o;
    struct pattern p;
    double found[ROWS_MAX];
    optics_open(&o, OAC_NOISE_NONE, sets);
    pattern_fill(&p, &o, 1, SLOTS, 0);
    for (size_t n = 0; n < SLOTS; n++) {
        p.weight[n] = n == 10 ? lit : idle;
        p.x[n] = n == at ? 4095 : 0;
    }
    optics_electrons(&o, &p, 0, found);
    optics_close(&o);
    return found[0];
}

/* Reference row 8, as the engine plays it. */
static void expect_leak(const char *rate, double small, double swing)
{
    const char *sets[] = {rate, "weight_modulator.bandwidth_hz=20e9", "guard_slots=8",
                          "laser.power_dbm=-10", NULL};
    /* 40 codes at the inflection of cos^2 are 1.5 % of full scale: cubic terms are 4e-5 of them */
    double own = gated(sets, 2028, 2068, 10) - gated(sets, 2028, 2028, 10);
    double next = gated(sets, 2028, 2068, 11) - gated(sets, 2028, 2028, 11);
    double later = gated(sets, 2028, 2068, 12) - gated(sets, 2028, 2028, 12) +
                   gated(sets, 2028, 2068, 13) - gated(sets, 2028, 2028, 13);
    double leak = next / (own + next + later);
    cr_expect_float_eq(leak, small, 5e-4, "%s: small signal leaks %g, expected %g", rate, leak,
                       small);
    double full = gated(sets, 4095, 4095, 20);
    double isolated = gated(sets, 0, 4095, 11) / full;
    cr_expect_float_eq(isolated, swing, 5e-4, "%s: full swing leaks %g, expected %g", rate,
                       isolated, swing);
}

Test(analytic_memory, slots_leak_as_reference_row_8_says)
{
    expect_leak("slot_rate_hz=10e9", 0.0796, 0.0656);
    expect_leak("slot_rate_hz=20e9", 0.159, 0.131);
}

/* Mean electrons of row k when its weights arrive `late` slots after the client's data; code 0 around them. */
static double walked(const struct oac_rig *rig, const struct pattern *p, size_t k, double late)
{
    double sum = 0.0, whole = floor(late), part = late - whole;
    for (size_t n = 0; n < p->slots; n++) {
        double t[2];
        for (int i = 0; i < 2; i++) {
            double from = (double)n - whole - i;
            bool inside = from >= 0.0 && from < (double)p->slots;
            uint16_t code = inside ? p->weight[k * p->slots + (size_t)from] : 0;
            t[i] = mzm_t(&rig->weight_modulator, dac_v(&rig->weight_dac, code), 1.0);
        }
        sum += ((1.0 - part) * t[0] + part * t[1]) *
               mzm_t(&rig->client_modulator, dac_v(&rig->client_dac, p->x[n]), 1.0);
    }
    return full_electrons(rig, k, k) * sum;
}

static double flight_slots(const struct oac_rig *rig, size_t k)
{
    double apart_nm =
        1e9 * OAC_LIGHT_SPEED_M_PER_S * (1.0 / line_hz(rig, k) - 1.0 / rig->laser.center_hz);
    double d = rig->fiber.dispersion_ps_nm_km, s = rig->fiber.slope_ps_nm2_km;
    return 1e-15 * rig->fiber.length_m * (d * apart_nm + 0.5 * s * apart_nm * apart_nm) *
           rig->slot_rate_hz;
}

/* predelay, skew: what settings add, in slots. */
static void expect_walked(const char *const *sets, double predelay, double skew)
{
    struct optics o;
    struct pattern p;
    double found[ROWS_MAX];
    optics_open(&o, OAC_NOISE_NONE, sets);
    pattern_fill(&p, &o, 4, SLOTS, 3);
    double slot_s = 1.0 / o.rig.slot_rate_hz, nominal_s;
    struct oac_err err;
    for (size_t k = 0; k < 4 && predelay != 0.0; k++) {
        cr_assert_eq(o.link.ops->get(o.link.self, OAC_PREDELAY_S, k, &nominal_s, &err), OAC_OK);
        optics_turn(&o, OAC_PREDELAY_S, k, nominal_s + predelay * (double)k * slot_s);
    }
    if (skew != 0.0)
        optics_turn(&o, OAC_SKEW_S, 0, skew * slot_s);
    optics_electrons(&o, &p, 0, found);
    for (size_t k = 0; k < 4; k++) {
        double late = predelay * (double)k - skew - o.rig.timing.skew_s / slot_s;
        if (!o.rig.fiber.precompensate)
            late += flight_slots(&o.rig, k);
        double want = walked(&o.rig, &p, k, late);
        /* single precision, as in test_analytic_mean.c */
        cr_expect(fabs(found[k] - want) <= 1e-6 * SLOTS * full_electrons(&o.rig, k, k),
                  "row %zu, %g slots late: %.9g, expected %.9g", k, late, found[k], want);
    }
    optics_close(&o);
}

#define FIBER \
    "laser.grid_hz=100e9", "fiber.dispersion_ps_nm_km=17", "fiber.slope_ps_nm2_km=0.06"

Test(analytic_memory, wavelengths_walk_off_by_parts_of_slots)
{
    const char *sets[] = {FIBER, "fiber.length_m=47000", "fiber.precompensate=no", NULL};
    expect_walked(sets, 0.0, 0.0);
}

Test(analytic_memory, precompensation_removes_the_walk_off)
{
    const char *sets[] = {FIBER, "fiber.length_m=47000", NULL};
    expect_walked(sets, 0.0, 0.0);
}

Test(analytic_memory, predelay_moves_weights_by_whole_slots_and_parts)
{
    expect_walked(NULL, 1.0, 0.0);
    expect_walked(NULL, -1.0, 0.0);
    expect_walked(NULL, 0.37, 0.0);
    expect_walked(NULL, -0.81, 0.0);
}

Test(analytic_memory, skew_moves_the_clients_data)
{
    expect_walked(NULL, 0.0, 1.0);
    expect_walked(NULL, 0.0, -0.4);
}

Test(analytic_memory, a_hidden_skew_moves_the_clients_data_until_the_setting_takes_it_out)
{
    static const char *const late[] = {"timing.skew_s=0.6e-9", NULL},
                             *const early[] = {"timing.skew_s=-2.3e-9", NULL};
    expect_walked(late, 0.0, 0.0);
    expect_walked(early, 0.0, 0.0);
    expect_walked(early, 0.0, 0.5);
    expect_walked(late, 0.0, -0.6); /* none is left */
}
