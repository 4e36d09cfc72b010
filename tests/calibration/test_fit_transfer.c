/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/rng.h"
#include "calibration/fit_transfer.h"
#include "tests/calibration/pulls.h"

#define LIT    400
#define DARK   40
#define POINTS (LIT + DARK)

/* A sweep drawn from known curve and noise: the fit's own model in words of this file. */
struct sweep {
    double y[POINTS], sigma[POINTS], v_v[POINTS], lit[POINTS], other[POINTS], place[POINTS];
    struct oac_curve truth;
    double zero, full, crosstalk;
    struct oac_transfer_data data;
};

static double uniform(uint64_t seed, uint32_t sub, double low, double high)
{
    return low + (high - low) * oac_rng_uniform(seed, OAC_RNG_TEST, 1u << 20, sub);
}

/* V_pi +-20 % of 5 V, peak +-V_pi, ER 12 to 35 dB; a converter of 6 V whose bow is inl_lsb of 1.465 mV. */
static void sweep_draw(struct sweep *s, uint64_t seed, double inl_lsb)
{
    const double lsb_v = 6.0 / 4095.0;
    memset(s, 0, sizeof *s);
    s->truth.vpi_v = 5.0 * uniform(seed, 0, 0.8, 1.2);
    s->truth.vpeak_v = 5.0 + uniform(seed, 1, -1.0, 1.0) * s->truth.vpi_v;
    s->truth.r = pow(10.0, -uniform(seed, 2, 12.0, 35.0) / 10.0);
    s->zero = uniform(seed, 3, 30000.0, 34000.0);
    s->full = uniform(seed, 4, 12000.0, 26000.0);
    s->crosstalk = uniform(seed, 5, 0.001, 0.03) * s->full;
    for (size_t i = 0; i < POINTS; i++) {
        double u = oac_rng_uniform(seed, OAC_RNG_TEST, i, 0);
        double bias_v =
            12.0 * (floor(12.0 * oac_rng_uniform(seed, OAC_RNG_TEST, i, 1)) / 11.0 - 0.5);
        double error_v =
            lsb_v * inl_lsb * sin(OAC_PI * u) * (0.7 + sin(2.0 * OAC_PI * 4.0 * u));
        s->lit[i] = i < LIT;
        s->place[i] = u;
        s->v_v[i] = -0.5 + 6.0 * u + bias_v;
        s->other[i] = oac_rng_uniform(seed, OAC_RNG_TEST, i, 2);
        double t = oac_curve_transmission(&s->truth, s->v_v[i] + error_v);
        double light = s->lit[i] * (s->full * t + s->crosstalk * s->other[i]);
        s->sigma[i] = sqrt(25.0 * 25.0 + 0.02 * light); /* heteroscedastic, as shot noise is */
        s->y[i] = s->zero + light + s->sigma[i] * oac_rng_normal(seed, OAC_RNG_TEST, i, 3);
    }
    s->data =
        (struct oac_transfer_data){.readout = {.points = POINTS, .y = s->y, .sigma = s->sigma},
                                   .v_v = s->v_v,
                                   .lit = s->lit,
                                   .lsb_v = lsb_v,
                                   .others = 1,
                                   .other = s->other};
}

static void sweep_fit(const struct sweep *s, struct oac_fit *fit)
{
    struct oac_curve seed;
    struct oac_err err;
    double zero, full;
    cr_assert_eq(
        oac_transfer_seed("a curve", &s->data, 3.0, 8.0, 5.0, &seed, &zero, &full, &err),
        OAC_OK, "%s", err.message);
    cr_assert_eq(oac_transfer_fit("a curve", &s->data, &seed, zero, full, fit, &err), OAC_OK,
                 "%s", err.message);
}

Test(fit_transfer, seed_is_on_the_right_branch_of_every_curve)
{
    static struct sweep s;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct oac_curve curve;
        struct oac_err err;
        double zero, full;
        sweep_draw(&s, seed, 0.0);
        cr_assert_eq(
            oac_transfer_seed("a curve", &s.data, 3.0, 8.0, 5.0, &curve, &zero, &full, &err),
            OAC_OK, "%s", err.message);
        double peak_v = oac_branch_near(s.truth.vpeak_v, s.truth.vpi_v, curve.vpeak_v);
        /* A tenth of V_pi is an eighth of the way to the next stationary point of chi2. */
        cr_expect(fabs(curve.vpeak_v - peak_v) < 0.1 * s.truth.vpi_v &&
                      fabs(curve.vpi_v - s.truth.vpi_v) < 0.05 * s.truth.vpi_v,
                  "seed %d: V_pi %.3f for %.3f, peak %.3f for %.3f", (int)seed, curve.vpi_v,
                  s.truth.vpi_v, curve.vpeak_v, peak_v);
    }
}

Test(fit_transfer, errors_of_all_parameters_are_as_stated)
{
    static struct sweep s;
    struct pulls pulls[] = {{.name = "zero"},   {.name = "full"}, {.name = "V_pi"},
                            {.name = "V_peak"}, {.name = "r"},    {.name = "crosstalk"},
                            {.name = "chi2"}};
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct oac_fit fit;
        sweep_draw(&s, seed, 0.0);
        sweep_fit(&s, &fit);
        const double truth[] = {
            s.zero,
            s.full,
            s.truth.vpi_v,
            oac_branch_near(s.truth.vpeak_v, s.truth.vpi_v, fit.estimate[OAC_TRANSFER_VPEAK]),
            s.truth.r,
            s.crosstalk};
        for (size_t i = 0; i < 6; i++)
            pulls_add(&pulls[i], fit.estimate[i], truth[i], oac_fit_sigma(&fit, i));
        /* chi2 of so many degrees of freedom is normal */
        pulls_add(&pulls[6], fit.chi2, (double)fit.dof, sqrt(2.0 * (double)fit.dof));
        oac_fit_fini(&fit);
    }
    cr_expect_eq(pulls_judge(pulls, 7, stderr), 0);
}

Test(fit_transfer, converter_error_is_fitted_where_the_bias_moves_the_codes)
{
    static struct sweep s;
    struct pulls pulls[] = {{.name = "V_pi"}, {.name = "V_peak"}, {.name = "r"}};
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct oac_fit fit;
        sweep_draw(&s, seed, 8.0);
        s.data.place = s.place;
        sweep_fit(&s, &fit);
        const double truth[] = {
            s.truth.vpi_v,
            oac_branch_near(s.truth.vpeak_v, s.truth.vpi_v, fit.estimate[OAC_TRANSFER_VPEAK]),
            s.truth.r};
        for (size_t i = 0; i < 3; i++)
            pulls_add(&pulls[i], fit.estimate[OAC_TRANSFER_VPI + i], truth[i],
                      oac_fit_sigma(&fit, OAC_TRANSFER_VPI + i));
        oac_fit_fini(&fit);
    }
    cr_expect_eq(pulls_judge(pulls, 3, stderr), 0);
}

Test(fit_transfer, a_glitch_of_any_size_moves_nothing)
{
    static struct sweep s;
    struct oac_fit clean, struck;
    sweep_draw(&s, 7, 0.0);
    sweep_fit(&s, &clean);
    for (size_t i = 3; i < LIT; i += 40)
        s.y[i] = i % 80 < 40 ? 65535.0 : 0.0;
    sweep_fit(&s, &struck);
    cr_expect_geq(struck.outliers, 10);
    /* 10 points less of 440: estimates move by about sqrt(10/440) of their errors. */
    for (size_t i = 0; i < clean.parameters; i++)
        cr_expect(fabs(struck.estimate[i] - clean.estimate[i]) < oac_fit_sigma(&clean, i),
                  "parameter %d moved from %g to %g", (int)i, clean.estimate[i],
                  struck.estimate[i]);
    oac_fit_fini(&clean);
    oac_fit_fini(&struck);
}

Test(fit_transfer, a_bad_model_has_a_bad_p_value)
{
    static struct sweep s;
    struct oac_fit fit;
    sweep_draw(&s, 9, 0.0);
    sweep_fit(&s, &fit);
    cr_expect_gt(fit.p_value, 1e-3);
    oac_fit_fini(&fit);
    sweep_draw(&s, 9, 40.0); /* 40 lsb of bow that the fit does not know of */
    sweep_fit(&s, &fit);
    cr_expect_lt(fit.p_value, 1e-6);
    oac_fit_fini(&fit);
}

Test(fit_transfer, no_light_is_said)
{
    static struct sweep s;
    struct oac_curve curve;
    struct oac_err err;
    double zero, full;
    sweep_draw(&s, 3, 0.0);
    for (size_t i = 0; i < POINTS; i++)
        s.y[i] = s.zero + s.sigma[i] * oac_rng_normal(3, OAC_RNG_TEST, i, 3);
    cr_assert_eq(
        oac_transfer_seed("channel 3", &s.data, 3.0, 8.0, 5.0, &curve, &zero, &full, &err),
        OAC_EMISSED);
    cr_expect_not_null(strstr(err.message, "channel 3"));
}
