/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/certify.h"

static const struct oac_certify_prior informed = {741.0, 11.0}; /* 98.7 % of 3000, a quarter */
static const struct oac_certify_prior mistaken = {20.0, 700.0};

static const struct {
    double target;
    struct oac_certify_prior prior;
} cases[] = {{0.982, {741.0, 11.0}}, {0.9, {741.0, 11.0}}, {0.5, {1.0, 1.0}},
             {0.982, {20.0, 700.0}}, {0.1, {3.0, 2.0}},    {0.999, {2.5, 1.0}}};
#define CASES (sizeof cases / sizeof cases[0])

/* ln of int_A^1 q^a (1-q)^b dq by Simpson's rule in q around its peak, apart from the code under test. */
static double log_integral(double from, double a, double b)
{
    enum { N = 400000 };
    double peak = a + b > 0.0 ? fmax(from, a / (a + b)) : 1.0;
    double scale = (a > 0.0 ? a * log(peak) : 0.0) + (b > 0.0 ? b * log1p(-peak) : 0.0);
    double h = (1.0 - from) / N, sum = 0.0;
    for (int i = 0; i <= N; i++) {
        double q = fmin(from + i * h, 1.0);
        double f = (a > 0.0 ? a * log(q) : 0.0) + (b > 0.0 ? b * log1p(-q) : 0.0);
        sum += exp(f - scale) * (i == 0 || i == N ? 1.0 : i % 2 ? 4.0 : 2.0);
    }
    return scale + log(sum * h / 3.0);
}

static double log_term(double target, struct oac_certify_prior prior, double right,
                       double wrong)
{
    double a = prior.right - 1.0, b = prior.wrong - 1.0;
    return log_integral(target, a + right, b + wrong) - log_integral(target, a, b) -
           right * log(target) - wrong * log1p(-target);
}

/* Simpson's rule with h of 1e-6 of the widest peak: errors of h^4, far below 1e-8. */
Test(certify, evidence_is_the_mixture_of_likelihood_ratios_integrated_by_hand)
{
    const struct oac_certify_count count = {1480, 20};
    const struct oac_certify_prior uniform = {1.0, 1.0};
    double by_hand = log(0.5 * (exp(log_term(0.98, informed, 1480, 20)) +
                                exp(log_term(0.98, uniform, 1480, 20))));
    cr_assert_float_eq(oac_certify_log_evidence(0.98, informed, count), by_hand, 1e-8);
}

/* What Ville's inequality rests on. Tolerance: rounding of sums of terms of some 1e4. */
Test(certify, evidence_is_a_martingale_at_the_target_and_falls_below_it)
{
    for (size_t i = 0; i < CASES; i++)
        for (size_t right = 0; right < 3000; right = 2 * right + 1)
            for (size_t wrong = 0; wrong < 300; wrong = 3 * wrong + 1) {
                double target = cases[i].target;
                struct oac_certify_prior prior = cases[i].prior;
                double now = oac_certify_log_evidence(target, prior,
                                                      (struct oac_certify_count){right, wrong});
                double up = oac_certify_log_evidence(
                    target, prior, (struct oac_certify_count){right + 1, wrong});
                double down = oac_certify_log_evidence(
                    target, prior, (struct oac_certify_count){right, wrong + 1});
                if (now < -200.0) /* tails of the Beta distribution run out of exponent */
                    continue;
                double fair = target * exp(up - now) + (1.0 - target) * exp(down - now);
                double poor =
                    0.9 * target * exp(up - now) + (1.0 - 0.9 * target) * exp(down - now);
                cr_assert_float_eq(fair, 1.0, 1e-7, "case %zu, %zu right, %zu wrong: %.9f", i,
                                   right, wrong, fair);
                cr_assert_leq(poor, 1.0 + 1e-7);
            }
}

Test(certify, no_answers_are_no_evidence)
{
    const struct oac_certify_count none = {0, 0};
    cr_assert_float_eq(oac_certify_log_evidence(0.98, informed, none), 0.0, 1e-12);
    cr_assert_float_eq(oac_certify_log_evidence_against(0.98, informed, none), 0.0, 1e-12);
    cr_assert_eq(oac_certify_lower_bound(informed, 0.05, none), 0.0);
}

/* Exact: the distribution of wrong answers among runs that have not been certified yet, image by image.
 * Returned: the probability that the evidence reaches 1/alpha at any of `images` looks. */
static double certified(double target, struct oac_certify_prior prior, double alpha,
                        double accuracy, size_t images)
{
    struct oac_err err;
    double *p = oac_alloc(images + 2, sizeof *p, "test", &err);
    double absorbed = 0.0;
    cr_assert_not_null(p);
    p[0] = 1.0;
    for (size_t n = 1; n <= images; n++) {
        for (size_t wrong = n + 1; wrong-- > 0;)
            p[wrong] = accuracy * p[wrong] + (wrong ? (1.0 - accuracy) * p[wrong - 1] : 0.0);
        for (size_t wrong = 0; wrong <= n; wrong++) {
            const struct oac_certify_count count = {n - wrong, wrong};
            if (!(p[wrong] > 1e-12))
                continue;
            if (oac_certify_log_evidence(target, prior, count) < -log(alpha))
                break; /* more wrong answers are less evidence */
            absorbed += p[wrong];
            p[wrong] = 0.0;
        }
    }
    free(p);
    return absorbed;
}

Test(certify, a_bench_at_the_target_is_certified_at_most_as_often_as_alpha_says)
{
    for (size_t i = 0; i < CASES; i++) {
        double p = certified(cases[i].target, cases[i].prior, 0.05, cases[i].target, 1500);
        cr_assert_leq(p, 0.05, "case %zu: %.4f", i, p);
    }
    /* and not so seldom that images are wasted: the limit would be reached after infinitely many */
    double p = certified(0.9, informed, 0.05, 0.9, 3000);
    cr_assert_gt(p, 0.01, "%.4f", p);
}

Test(certify, the_number_of_images_told_in_advance_certifies_as_often_as_it_says)
{
    const double target = 0.96, accuracy = 0.987;
    size_t n = oac_certify_images(target, informed, 0.05, accuracy, 0.9, 12000);
    double p = certified(target, informed, 0.05, accuracy, n);
    /* At least: a run may be certified earlier and go wrong later. 1 % for the normal approximation. */
    cr_assert_gt(p, 0.89, "%zu images: %.4f", n, p);
    cr_assert_lt(certified(target, informed, 0.05, accuracy, n / 3), 0.9);
}

/* 98.7 % against 98.2 %, the case the held-out images were counted for. */
Test(certify, half_a_point_at_98_7_percent_takes_several_thousand_images)
{
    size_t half = oac_certify_images(0.982, informed, 0.05, 0.987, 0.5, 12000);
    size_t most = oac_certify_images(0.982, informed, 0.05, 0.987, 0.8, 12000);
    /* ln 20 over the divergence of 0.987 from 0.982 is 3830: no test with foresight needs less in the mean. */
    cr_assert(half > 3000 && half < 7000, "%zu", half);
    cr_assert(most > half && most <= 12000, "%zu", most);
    cr_assert_eq(oac_certify_images(0.987, informed, 0.05, 0.987, 0.8, 12000), 12001);
}

Test(certify, the_bound_is_the_largest_accuracy_that_is_refuted)
{
    const struct oac_certify_count count = {4935, 65}; /* 98.7 % */
    double bound = oac_certify_lower_bound(informed, 0.05, count);
    double evidence = oac_certify_log_evidence(bound, informed, count);
    cr_assert_float_eq(evidence, log(20.0), 1e-6, "%g", evidence);
    cr_assert_lt(bound, 0.987);
    cr_assert_gt(bound, 0.981);
    cr_assert_lt(oac_certify_lower_bound(informed, 0.01, count), bound);
}

Test(certify, a_mistaken_prior_costs_images_but_certifies_nothing_wrong)
{
    const struct oac_certify_count count = {9870, 130};
    double with = oac_certify_lower_bound(informed, 0.05, count);
    double without = oac_certify_lower_bound(mistaken, 0.05, count);
    cr_assert_leq(without, with);
    cr_assert_gt(without, 0.98);
}

Test(certify, evidence_in_vain_is_that_of_the_error_rate)
{
    const struct oac_certify_count count = {950, 50};
    cr_assert_gt(oac_certify_log_evidence_against(0.982, informed, count), log(20.0));
    cr_assert_lt(oac_certify_log_evidence(0.982, informed, count), 0.0);
}

Test(certify, all_attempts_together_spend_less_than_alpha)
{
    double sum = 0.0;
    for (unsigned i = 0; i < 30; i++)
        sum += oac_certify_share(0.05, i);
    cr_assert_leq(sum, 0.05 * (1.0 + 1e-12));
    cr_assert_gt(oac_certify_share(0.05, 0), 0.035);
}
