/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/constants.h"
#include "sim/waveform/fiber.h"

#define N 1024

static const double PS = 1e-12;

struct bench {
    struct oac_wave_span span;
    struct oac_wave_span_work *work;
    double field[2 * N];
};

static void bench_open(struct bench *b, struct oac_wave_span span)
{
    struct oac_err err;
    b->span = span;
    cr_assert_eq(oac_wave_span_work_create(N, &b->work, &err), OAC_OK);
}

static void bench_close(struct bench *b)
{
    oac_wave_span_work_destroy(b->work);
}

/* Time of sample i from the middle. */
static double time_s(const struct bench *b, size_t i)
{
    return ((double)i - N / 2.0) / b->span.rate_hz;
}

static void gaussian(struct bench *b, double peak_w, double width_s)
{
    for (size_t i = 0; i < N; i++) {
        double t = time_s(b, i) / width_s;
        b->field[2 * i] = sqrt(peak_w) * exp(-0.5 * t * t);
        b->field[2 * i + 1] = 0.0;
    }
}

static double energy(const struct bench *b)
{
    double sum = 0.0;
    for (size_t i = 0; i < 2 * N; i++)
        sum += b->field[i] * b->field[i];
    return sum;
}

static struct oac_wave_span standard_span(void)
{
    return (struct oac_wave_span){
        .line = {.beta2_s2_per_m = -21.7e-27, .length_m = 20e3},
        .loss_per_m = 0.2e-3 * log(10.0) / 10.0,
        .gamma_per_w_m = 1.3e-3,
        .steps = 50,
        .rate_hz = 1e12,
    };
}

Test(wave_fiber, steps_add_up_to_the_span_in_the_last_bit)
{
    const double length_m[] = {0.1, 86e3 / 3.0, 1e5 / 7.0, 80e3 * 0.3, 123456.789};
    const size_t steps[] = {1, 2, 3, 7, 10, 49, 100, 333, 1000, 99999};
    for (size_t l = 0; l < 5; l++)
        for (size_t s = 0; s < 10; s++) {
            double sum = 0.0;
            for (size_t i = 0; i < steps[s]; i++)
                sum += oac_wave_span_step_m(length_m[l], steps[s], i);
            cr_assert_eq(sum, length_m[l], "%zu steps of %.17g m: %.17g", steps[s], length_m[l],
                         sum);
        }
}

Test(wave_fiber, without_dispersion_each_sample_turns_by_gamma_p_l_eff)
{
    struct bench b;
    struct oac_wave_span span = standard_span();
    span.line.beta2_s2_per_m = 0.0;
    bench_open(&b, span);
    gaussian(&b, 0.2, 20.0 * PS);
    oac_wave_span_propagate(&b.span, b.work, b.field);
    double alpha = span.loss_per_m, effective_m = (1.0 - exp(-alpha * 20e3)) / alpha;
    for (size_t i = 0; i < N; i++) {
        double t = time_s(&b, i) / (20.0 * PS), power_w = 0.2 * exp(-t * t);
        double complex exact = sqrt(power_w * exp(-alpha * 20e3)) *
                               cexp(-I * span.gamma_per_w_m * power_w * effective_m);
        cr_assert_float_eq(b.field[2 * i], creal(exact), 1e-14);
        cr_assert_float_eq(b.field[2 * i + 1], cimag(exact), 1e-14);
    }
    bench_close(&b);
}

/* The split must not change that: a whisper of dispersion takes the stepping path. */
Test(wave_fiber, split_into_steps_the_phase_is_the_same)
{
    struct bench b;
    struct oac_wave_span span = standard_span();
    span.line.beta2_s2_per_m = 0.0;
    span.line.beta3_s3_per_m = 1e-60;
    span.steps = 37;
    bench_open(&b, span);
    gaussian(&b, 0.2, 20.0 * PS);
    oac_wave_span_propagate(&b.span, b.work, b.field);
    double alpha = span.loss_per_m, effective_m = (1.0 - exp(-alpha * 20e3)) / alpha;
    double complex peak = b.field[N] + I * b.field[N + 1];
    double complex exact =
        sqrt(0.2 * exp(-alpha * 20e3)) * cexp(-I * span.gamma_per_w_m * 0.2 * effective_m);
    cr_assert_lt(cabs(peak - exact), 1e-12);
    bench_close(&b);
}

Test(wave_fiber, a_lossless_fiber_conserves_energy)
{
    struct bench b;
    struct oac_wave_span span = standard_span();
    span.loss_per_m = 0.0;
    bench_open(&b, span);
    gaussian(&b, 0.3, 15.0 * PS);
    double before = energy(&b);
    oac_wave_span_propagate(&b.span, b.work, b.field);
    cr_assert_float_eq(energy(&b) / before, 1.0, 1e-12);
    bench_close(&b);
}

Test(wave_fiber, loss_takes_its_share_whatever_the_steps)
{
    for (size_t steps = 1; steps < 40; steps += 9) {
        struct bench b;
        struct oac_wave_span span = standard_span();
        span.steps = steps;
        bench_open(&b, span);
        gaussian(&b, 0.3, 15.0 * PS);
        double before = energy(&b);
        oac_wave_span_propagate(&b.span, b.work, b.field);
        cr_assert_float_eq(energy(&b) / before, pow(10.0, -0.4), 1e-12); /* 4 dB */
        bench_close(&b);
    }
}

/* Agrawal, eq. 3.2.11: a Gaussian of 1/e half-width T0 widens by sqrt(1 + (beta2 L/T0^2)^2). */
Test(wave_fiber, without_kerr_effect_a_gaussian_widens_by_the_closed_form)
{
    struct bench b;
    struct oac_wave_span span = standard_span();
    span.loss_per_m = 0.0;
    span.gamma_per_w_m = 0.0;
    span.steps = 3;
    bench_open(&b, span);
    gaussian(&b, 1.0, 20.0 * PS);
    oac_wave_span_propagate(&b.span, b.work, b.field);
    double ratio = span.line.beta2_s2_per_m * 20e3 / pow(20.0 * PS, 2);
    double widening2 = 1.0 + ratio * ratio;
    for (size_t i = 0; i < N; i++) {
        double t = time_s(&b, i) / (20.0 * PS);
        double power =
            b.field[2 * i] * b.field[2 * i] + b.field[2 * i + 1] * b.field[2 * i + 1];
        cr_assert_float_eq(power, exp(-t * t / widening2) / sqrt(widening2), 1e-10);
    }
    bench_close(&b);
}

/* beta3 > 0 delays both edges of the band: the peak of the pulse comes early, an oscillating tail follows. */
Test(wave_fiber, third_order_dispersion_delays_the_centre_of_energy)
{
    struct bench b;
    struct oac_wave_span span = standard_span();
    span.loss_per_m = span.gamma_per_w_m = 0.0;
    span.line.beta2_s2_per_m = 0.0;
    span.line.beta3_s3_per_m = 1e-39;
    bench_open(&b, span);
    gaussian(&b, 1.0, 5.0 * PS);
    oac_wave_span_propagate(&b.span, b.work, b.field);
    double sum = 0.0, first = 0.0;
    for (size_t i = 0; i < N; i++) {
        double power =
            b.field[2 * i] * b.field[2 * i] + b.field[2 * i + 1] * b.field[2 * i + 1];
        sum += power;
        first += power * time_s(&b, i);
    }
    /* mean of beta3 w^2 L/2 over the spectrum, <w^2> = 1/(2 T0^2) */
    double delay_s = 1e-39 * 20e3 / (4.0 * pow(5.0 * PS, 2));
    cr_assert_float_eq(first / sum / delay_s, 1.0, 1e-6);
    bench_close(&b);
}

static void soliton(struct bench *b, double width_s)
{
    double peak_w = -b->span.line.beta2_s2_per_m / (b->span.gamma_per_w_m * width_s * width_s);
    for (size_t i = 0; i < N; i++) {
        b->field[2 * i] = sqrt(peak_w) / cosh(time_s(b, i) / width_s);
        b->field[2 * i + 1] = 0.0;
    }
}

/* Largest difference to sech(t/T0) e^{-i L |beta2|/(2 T0^2)}, relative to the peak. */
static double soliton_error(size_t steps)
{
    const double width_s = 10.0 * PS;
    struct bench b;
    struct oac_wave_span span = standard_span();
    span.loss_per_m = 0.0;
    span.steps = steps;
    bench_open(&b, span);
    soliton(&b, width_s);
    double peak = b.field[N];
    double phase_rad =
        span.line.length_m * -span.line.beta2_s2_per_m / (2.0 * width_s * width_s);
    oac_wave_span_propagate(&b.span, b.work, b.field);
    double worst = 0.0;
    for (size_t i = 0; i < N; i++) {
        double complex exact = peak / cosh(time_s(&b, i) / width_s) * cexp(-I * phase_rad);
        worst = fmax(worst, cabs(b.field[2 * i] + I * b.field[2 * i + 1] - exact));
    }
    bench_close(&b);
    return worst / peak;
}

Test(wave_fiber, a_fundamental_soliton_keeps_its_shape)
{
    cr_assert_lt(soliton_error(1600), 1e-5); /* 2.2 rad of common phase, 2.8 soliton periods */
}

Test(wave_fiber, the_error_falls_with_the_square_of_the_step)
{
    double coarse = soliton_error(50), fine = soliton_error(100), finer = soliton_error(200);
    cr_assert_float_eq(coarse / fine, 4.0, 0.2, "%g", coarse / fine);
    cr_assert_float_eq(fine / finer, 4.0, 0.1, "%g", fine / finer);
}
