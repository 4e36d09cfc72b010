/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/rng.h"
#include "calibration/fit_client.h"
#include "calibration/fit_transfer.h"
#include "tests/calibration/pulls.h"

#define CHANNELS 4
#define LIT      768
#define STATES   (LIT + 32)
#define CELLS    (STATES * CHANNELS)
#define NOISE    20.0 /* [code] of a point's own */

struct fan { /* one modulator heard at four wavelengths */
    double y[CELLS], sigma[CELLS], v_v[STATES], lit[STATES], place[STATES];
    double mix[CHANNELS * CHANNELS], vpi_v[CHANNELS], zero[CHANNELS], full[CHANNELS];
    double seed_v[CHANNELS];
    struct oac_curve truth;
    struct oac_client_data data;
};

static double uniform(uint64_t seed, uint32_t sub, double low, double high)
{
    return low + (high - low) * oac_rng_uniform(seed, OAC_RNG_TEST, 1u << 20, sub);
}

/* order: by how many 2 V_pi the peak that wavelength leaves alone is off the range's middle. common_v: rms
 * of a voltage error of each state that all channels see; known: sigma holds what it does to a point. */
static void fan_draw(struct fan *f, uint64_t seed, int order, double common_v, bool known)
{
    const double lsb_v = 6.0 / 4095.0;
    memset(f, 0, sizeof *f);
    f->truth.vpi_v = 5.0 * uniform(seed, 0, 0.85, 1.15);
    f->truth.vpeak_v =
        2.5 + uniform(seed, 1, -0.5, 0.5) * f->truth.vpi_v + 2.0 * order * f->truth.vpi_v;
    f->truth.r = pow(10.0, -uniform(seed, 2, 12.0, 35.0) / 10.0);
    for (size_t k = 0; k < CHANNELS; k++) {
        f->vpi_v[k] = f->truth.vpi_v * (1.0 + 1e-3 * ((double)k - 1.5));
        f->seed_v[k] = f->truth.vpi_v * 1.01;
        f->zero[k] = 32000.0 + 100.0 * (double)k;
        f->full[k] = uniform(seed, 3 + (uint32_t)k, 12000.0, 26000.0);
        for (size_t j = 0; j < CHANNELS; j++)
            f->mix[k * CHANNELS + j] = j == k ? 1.0 : 0.02;
    }
    for (size_t s = 0; s < STATES; s++) {
        const double p = oac_rng_uniform(seed, OAC_RNG_TEST, s, 0);
        const double level = floor(12.0 * oac_rng_uniform(seed, OAC_RNG_TEST, s, 1));
        const double error_v =
            lsb_v * sin(OAC_PI * p) * (0.6 + 0.4 * sin(2.0 * OAC_PI * 5.0 * p)) +
            common_v * oac_rng_normal(seed, OAC_RNG_TEST, s, 2);
        f->lit[s] = s < LIT;
        f->place[s] = p;
        f->v_v[s] = -0.5 + 6.0 * p + 6.0 * (level / 5.5 - 1.0);
        double t[CHANNELS];
        for (size_t j = 0; j < CHANNELS; j++) {
            const struct oac_curve own = {f->vpi_v[j], f->truth.vpeak_v, f->truth.r};
            t[j] = oac_curve_transmission(&own, f->v_v[s] + error_v);
        }
        for (size_t k = 0; k < CHANNELS; k++) {
            double light = 0.0, by_v = 0.0;
            for (size_t j = 0; j < CHANNELS; j++) {
                const double full = f->lit[s] * f->full[k] * f->mix[k * CHANNELS + j];
                light += full * t[j];
                by_v +=
                    full *
                    oac_curve_slopes(f->vpi_v[j], f->truth.vpeak_v, f->truth.r, f->v_v[s]).by_v;
            }
            const size_t i = s * CHANNELS + k;
            f->sigma[i] = hypot(NOISE, known ? by_v * common_v : 0.0);
            f->y[i] = f->zero[k] + light +
                      NOISE * oac_rng_normal(seed, OAC_RNG_TEST, s, 3 + (uint32_t)k);
        }
    }
    f->data = (struct oac_client_data){.states = STATES,
                                       .channels = CHANNELS,
                                       .count = CHANNELS,
                                       .y = f->y,
                                       .sigma = f->sigma,
                                       .v_v = f->v_v,
                                       .lit = f->lit,
                                       .place = f->place,
                                       .lsb_v = lsb_v,
                                       .mix = f->mix,
                                       .vpi_seed_v = f->seed_v};
}

static void fan_fit(const struct fan *f, struct oac_fit *fit)
{
    struct oac_err err;
    const struct oac_curve start = {
        f->truth.vpi_v, oac_branch_near(f->truth.vpeak_v, f->truth.vpi_v, 2.5), 0.02};
    cr_assert_eq(oac_client_fit_order(&f->data, &start, f->zero, f->full, fit, &err), OAC_OK,
                 "%s", err.message);
}

static void add_pulls(struct pulls *pulls, const struct fan *f, const struct oac_fit *fit)
{
    const struct oac_client_data *d = &f->data;
    const size_t at[] = {oac_client_zero(1), oac_client_full(d, 2), oac_client_vpi(d, 3),
                         oac_client_vpeak(d), oac_client_r(d)};
    const double truth[] = {f->zero[1], f->full[2], f->vpi_v[3], f->truth.vpeak_v, f->truth.r};
    for (size_t i = 0; i < 5; i++)
        pulls_add(&pulls[i], fit->estimate[at[i]], truth[i], oac_fit_sigma(fit, at[i]));
}

static int judge_fans(double common_v, bool known)
{
    static struct fan f;
    struct pulls pulls[] = {{.name = "zero"},
                            {.name = "full"},
                            {.name = "V_pi(k)"},
                            {.name = "V_peak"},
                            {.name = "r"}};
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct oac_fit fit;
        fan_draw(&f, seed, (int)(seed % 3) - 1, common_v, known);
        fan_fit(&f, &fit);
        add_pulls(pulls, &f, &fit);
        oac_fit_fini(&fit);
    }
    return pulls_judge(pulls, 5, stderr);
}

Test(fit_client, errors_of_a_fan_of_curves_are_as_stated)
{
    cr_expect_eq(judge_fans(0.0, true), 0);
}

/* 6 mV are 80 codes on the slope, four times a point's own noise, and four channels share them. */
Test(fit_client, errors_common_to_all_channels_are_in_the_covariance)
{
    cr_expect_eq(judge_fans(6e-3, true), 0);
    cr_expect_eq(judge_fans(6e-3, false),
                 0); /* nothing fits then, and the covariance is another one */
}
