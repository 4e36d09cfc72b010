/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum-length sequences and the delay found from them. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hal/align.h"
#include "hal/preamble.h"

#define PER_SLOT 8
#define GUARD    4
#define CHIPS    63
#define SLOTS    (CHIPS + 2 * GUARD)
#define SAMPLES  ((SLOTS + 2) * PER_SLOT)

Test(align, sequences_have_the_autocorrelation_of_maximum_length)
{
    for (unsigned n = OAC_PREAMBLE_STAGES_MIN; n <= OAC_PREAMBLE_STAGES_MAX; n++) {
        uint8_t chip[1 << OAC_PREAMBLE_STAGES_MAX];
        const size_t length = oac_preamble_length(n);
        size_t ones = 0;
        cr_assert_eq(length, ((size_t)1 << n) - 1);
        oac_preamble_chips(n, chip);
        for (size_t i = 0; i < length; i++)
            ones += chip[i];
        cr_expect_eq(ones, (size_t)1 << (n - 1), "%u stages: %zu ones", n, ones);
        for (size_t lag = 1; lag < length; lag++) {
            long sum = 0;
            for (size_t i = 0; i < length; i++)
                sum += chip[i] == chip[(i + lag) % length] ? 1 : -1;
            cr_expect_eq(sum, -1, "%u stages, lag %zu: %ld", n, lag, sum);
        }
    }
}

/* What a receiver shows of the sequence, `blur` [samples] being the sigma of a Gaussian edge
 * (0: a step). */
struct scene {
    double level[SLOTS], value[SAMPLES];
};

/* Integral of one step of light at 0, up to t [samples]. */
static double ramp(double t, double blur)
{
    if (blur == 0.0)
        return t > 0.0 ? t : 0.0;
    const double u = t / blur;
    return blur * (u * 0.5 * erfc(-u / sqrt(2.0)) +
                   exp(-0.5 * u * u) / sqrt(2.0 * 3.14159265358979323846));
}

static double charge(const struct scene *s, double t, double blur)
{
    double sum = 0.0, before = 0.0;
    for (size_t n = 0; n < SLOTS; n++) {
        if (s->level[n] != before)
            sum += (s->level[n] - before) * ramp(t - (double)(n * PER_SLOT), blur);
        before = s->level[n];
    }
    return sum;
}

static void make_scene(struct scene *s, double delay, double blur, bool running, double noise,
                       uint64_t draw)
{
    uint8_t chip[CHIPS];
    oac_preamble_chips(6, chip);
    memset(s, 0, sizeof *s);
    for (size_t n = 0; n < CHIPS; n++)
        s->level[GUARD + n] = chip[n];
    for (size_t j = 0; j < SAMPLES; j++) {
        const double t = (double)j - delay;
        double clean = running ? charge(s, t, blur) / PER_SLOT + 0.01 * (double)j
                               : charge(s, t + 1.0, blur) - charge(s, t, blur);
        s->value[j] =
            7.0 + 2.5 * clean + noise * oac_rng_normal(5, OAC_RNG_TEST, draw, (uint32_t)j);
    }
}

static struct oac_align_fit find(const struct scene *s, bool running)
{
    const struct oac_align_piece piece = {SLOTS, SAMPLES, s->level, s->value};
    const struct oac_align align = {1, &piece, PER_SLOT, running, -16.0, 16.0};
    struct oac_align_fit fit = {0};
    struct oac_err err;
    cr_assert_eq(oac_align_find(&align, &fit, &err), OAC_OK, "%s", err.message);
    return fit;
}

/* Only roundings and Newton's last step: 1e-7 of a sample. */
Test(align, a_staircase_is_found_exactly_at_any_fraction_of_a_sample)
{
    for (int running = 0; running < 2; running++)
        for (double delay = -9.0; delay <= 11.0; delay += 0.35) {
            struct scene s;
            make_scene(&s, delay, 0.0, running, 0.0, 0);
            struct oac_align_fit fit = find(&s, running);
            cr_expect_float_eq(fit.delay, delay, 1e-7, "running %d: %.12g, not %g", running,
                               fit.delay, delay);
            cr_expect_float_eq(fit.amplitude, 2.5, 1e-7);
            cr_expect(fit.contrast > 1e6);
        }
}

/* An edge blurred evenly (sigma 1.5 samples) is where its middle is: 0.02 of a sample at every
 * fraction. */
Test(align, an_even_blur_moves_nothing)
{
    for (int running = 0; running < 2; running++)
        for (double delay = 2.0; delay < 3.0; delay += 0.125) {
            struct scene s;
            make_scene(&s, delay, 1.5, running, 0.0, 0);
            double bias = find(&s, running).delay - delay;
            cr_expect(fabs(bias) < 0.02, "running %d, delay %g: bias %g", running, delay, bias);
        }
}

/* Noise of a tenth of full light on every sample, of a running value a fortieth of a slot's
 * charge: contrast near 110, less than preambles of the shipped rigs reach (145 and more,
 * docs/modem.md). rms error below 0.05 of a sample, mean below 0.02, and as large as the fit
 * says. 64 draws: the rms is known to 9 %, the mean to an eighth of the rms. */
Test(align, noise_moves_the_delay_by_its_standard_error)
{
    for (int running = 0; running < 2; running++) {
        double sum = 0.0, square = 0.0, sigma = 0.0, contrast = 0.0;
        const unsigned draws = 64;
        for (unsigned i = 0; i < draws; i++) {
            struct scene s;
            const double delay = 1.0 + 0.37 * i - floor(0.37 * i);
            make_scene(&s, delay, 0.0, running, running ? 0.06 : 0.25, 1 + i);
            struct oac_align_fit fit = find(&s, running);
            double error = fit.delay - delay;
            sum += error / draws;
            square += error * error / draws;
            sigma += fit.sigma * fit.sigma / draws;
            contrast += fit.contrast / draws;
        }
        const double rms = sqrt(square);
        cr_expect(rms < 0.05, "running %d: rms %g", running, rms);
        cr_expect(fabs(sum) < 0.02, "running %d: bias %g", running, sum);
        /* a staircase's slope changes within a sample, so the linear estimate is right to a
         * quarter */
        cr_expect(rms / sqrt(sigma) > 0.6 && rms / sqrt(sigma) < 1.4,
                  "running %d: rms %g, predicted %g", running, rms, sqrt(sigma));
        cr_expect(contrast > 20.0, "running %d: contrast %g", running, contrast);
    }
}

Test(align, falling_light_and_noise_alone_are_told_apart)
{
    struct scene s;
    make_scene(&s, 3.25, 0.0, false, 0.0, 0);
    for (size_t j = 0; j < SAMPLES; j++)
        s.value[j] = -s.value[j];
    struct oac_align_fit fit = find(&s, false);
    cr_expect_float_eq(fit.delay, 3.25, 1e-7);
    cr_expect_float_eq(fit.amplitude, -2.5, 1e-7);
    for (uint64_t i = 0; i < 20;
         i++) { /* the largest of 33 lags: below 8 in 20 draws, and in 1e12 */
        for (size_t j = 0; j < SAMPLES; j++)
            s.value[j] = oac_rng_normal(6, OAC_RNG_TEST, i, (uint32_t)j);
        fit = find(&s, false);
        cr_expect(fit.contrast < 8.0, "contrast %g of noise", fit.contrast);
    }
}

/* Two pieces, each too short to be unmistakable, agree on one delay; their zeros differ. */
Test(align, pieces_share_one_delay)
{
    struct scene s;
    double value[2][40 * PER_SLOT], level[2][38];
    make_scene(&s, 5.6, 0.0, false, 0.0, 0);
    for (size_t p = 0; p < 2; p++) {
        for (size_t n = 0; n < 38; n++)
            level[p][n] = n >= 4 && n < 34 ? s.level[GUARD + 30 * p + n - 4] : 0.0;
        struct scene part = {0};
        memcpy(part.level, level[p], sizeof level[p]);
        for (size_t j = 0; j < 40 * PER_SLOT; j++)
            value[p][j] = 10.0 * (double)p + charge(&part, (double)j + 1.0 - 5.6, 0.0) -
                          charge(&part, (double)j - 5.6, 0.0);
    }
    const struct oac_align_piece piece[2] = {{38, 40 * PER_SLOT, level[0], value[0]},
                                             {38, 40 * PER_SLOT, level[1], value[1]}};
    const struct oac_align align = {2, piece, PER_SLOT, false, -16.0, 16.0};
    struct oac_align_fit fit;
    struct oac_err err;
    cr_assert_eq(oac_align_find(&align, &fit, &err), OAC_OK, "%s", err.message);
    cr_expect_float_eq(fit.delay, 5.6, 1e-7);
}

Test(align, nothing_to_fit_is_an_error)
{
    struct scene s;
    make_scene(&s, 1.0, 0.0, false, 0.0, 0);
    struct oac_align_piece piece = {SLOTS, SAMPLES, s.level, s.value};
    struct oac_align align = {1, &piece, PER_SLOT, false, -16.0, 16.0};
    struct oac_align_fit fit = {.delay = -77.0};
    struct oac_err err;
    s.value[100] = NAN;
    cr_expect_eq(oac_align_find(&align, &fit, &err), OAC_EINVAL);
    s.value[100] = 0.0;
    memset(s.level, 0, sizeof s.level);
    cr_expect_eq(oac_align_find(&align, &fit, &err), OAC_EINVAL, "levels without an edge");
    align.min_delay = NAN;
    cr_expect_eq(oac_align_find(&align, &fit, &err), OAC_EINVAL);
    align.pieces = 0;
    cr_expect_eq(oac_align_find(&align, &fit, &err), OAC_EINVAL);
    cr_expect_float_eq(fit.delay, -77.0, 0.0, "outputs are untouched");
}
