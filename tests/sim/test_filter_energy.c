/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energy behind a filter: conserved where nothing is lost, Parseval's where something is, through the filters of
 * these tests and through every one that the waveform engine has. */
#include "sim/components/fiber.h"
#include "sim/components/touchstone.h"
#include "sim/waveform/passband.h"
#include "tests/sim/filter_fixture.h"

struct lossless {
    const char *name;
    oac_response response;
    double samples;
    size_t memory;
};

static const struct lossless lossless[] = {
    {"fractional delay", delay, 12.37, 0},
    {"fractional advance", delay, -3.5, 0},
    {"whole delay", delay, 25.0, 0},
    {"dispersion", dispersion, 40.0, 0},
    {"strong dispersion", dispersion, -400.0, 0},
    {"dispersion, short memory given", dispersion, 40.0, 60},
};
#define LOSSLESS (sizeof lossless / sizeof lossless[0])

static void check_energy(const struct lossless *kind, size_t n, bool real)
{
    struct bed bed = lay(kind->response, &kind->samples, kind->memory, n, real);
    size_t reals = n * bed.lanes;
    double *in = burst(n, bed.lanes, 200, 1), *out = waveform(reals);
    double before = energy(reals, in);
    oac_filter_apply(bed.filter, bed.scratch, n, in, out);
    cr_assert_float_eq(energy(reals, out) / before, 1.0, 1e-12, "%s, %zu", kind->name, n);
    apply_single(&bed, n, in, out);
    cr_assert_float_eq(energy(reals, out) / before, 1.0, 1e-5, "%s, %zu", kind->name, n);
    free(in);
    free(out);
    clear(&bed);
}

Test(filter, responses_of_magnitude_1_conserve_the_energy_of_what_rests_at_both_ends)
{
    for (size_t i = 0; i < LOSSLESS; i++)
        for (size_t n = 1000; n < 7300;
             n += 2083) { /* 1000, 3083, 5166, 7249: odd, even, prime */
            check_energy(&lossless[i], n, false);
            if (lossless[i].response == delay) /* dispersion of a real waveform is complex */
                check_energy(&lossless[i], n, true);
        }
}

/* Parseval: the output's energy is that of H X; |X| by the defining sum at the frequencies of n points, which
 * hold the whole output when nothing leaves the segment. Frees in. */
static void check_parseval(oac_response response, const void *context, bool real, size_t n,
                           double *in, double tolerance)
{
    struct bed bed = lay(response, context, 0, n, real);
    size_t lanes = bed.lanes;
    double *out = waveform(n * lanes), expected = 0.0;
    for (size_t k = 0; k < n; k++) {
        double f = (2 * k < n ? (double)k : (double)k - (double)n) / (double)n;
        double complex sum = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += (in[lanes * i] + (lanes == 2 ? I * in[2 * i + 1] : 0.0)) *
                   cexp(-2.0 * OAC_PI * I * (double)(k * i % n) / (double)n);
        expected += pow(cabs(sum * response(context, f * FS)), 2) / (double)n;
    }
    oac_filter_apply(bed.filter, bed.scratch, n, in, out);
    cr_assert_float_eq(energy(n * lanes, out) / expected, 1.0, tolerance, "%g",
                       energy(n * lanes, out) / expected - 1.0);
    apply_single(&bed, n, in, out);
    cr_assert_float_eq(energy(n * lanes, out) / expected, 1.0, 1e-5, "%g",
                       energy(n * lanes, out) / expected - 1.0);
    free(in);
    free(out);
    clear(&bed);
}

Test(filter, energy_behind_a_lossy_filter_is_that_of_its_spectrum)
{
    struct taps taps;
    double width_hz =
        7e9; /* 7e-15 is left at fs/2: no kink there, so its impulse response ends */
    for (int real = 0; real < 2; real++) {
        random_taps(12, 19, real, 8, &taps);
        check_parseval(fir, &taps, real, 400, burst(400, real ? 1 : 2, 100, 5), 1e-12);
        check_parseval(gaussian, &width_hz, real, 400, burst(400, real ? 1 : 2, 100, 5), 1e-12);
    }
}

static double complex brickwall(const void *width_hz, double f_hz)
{
    return fabs(f_hz) <= 0.5 * *(const double *)width_hz ? 1.0 : 0.0;
}

/* Tones of 5, 15, .. GHz of both signs that come and go: nothing at fs/2, where responses of an envelope break
 * off and ring for ever, nor at 20 GHz. */
static double *tones(size_t n, size_t lanes)
{
    double *x = waveform(n * lanes);
    for (size_t i = 0; i < n; i++) {
        double t = (double)i - 0.5 * (double)n, envelope = exp(-t * t / (50.0 * 50.0));
        for (int k = -5; k <= 5; k += 2) {
            double angle = 2.0 * OAC_PI * 5e9 * k * t / FS + 0.7 * k * k + k;
            x[lanes * i] += envelope * cos(angle);
            if (lanes == 2)
                x[2 * i + 1] += envelope * sin(angle);
        }
    }
    return x;
}

/* Every response that the engine filters with: fiber, the demultiplexer's three, a modulator's S21, an amplifier's
 * rectangular band. */
Test(filter, parseval_holds_through_every_filter_of_the_engine)
{
    enum { N = 800 };
    const double TAIL = 1e-6;
    const struct oac_fiber_line line = {-21.7e-27, 0.13e-39, 20e3};
    check_parseval(oac_fiber_response, &line, false, N, tones(N, 2), TAIL);
    struct oac_rig rig = {.demux = {.passband_hz = 30e9, .detuning_hz = 2e9}};
    for (int shape = OAC_PASSBAND_GAUSSIAN; shape <= OAC_PASSBAND_LORENTZIAN; shape++) {
        rig.demux.passband_shape = shape;
        check_parseval(oac_wave_passband, &rig, false, N, tones(N, 2), TAIL);
    }
    double f_hz[] = {1e9, 10e9, 20e9, 35e9}, magnitude[] = {0.9, 0.8, 0.6, 0.2},
           phase_rad[] = {-0.1, -1.0, -2.0, -3.5};
    const struct oac_touchstone s21 = {4, f_hz, magnitude, phase_rad};
    check_parseval(oac_touchstone_response, &s21, true, N, tones(N, 1), TAIL);
    double width_hz = 40e9;
    check_parseval(brickwall, &width_hz, false, N, tones(N, 2), TAIL);
}
