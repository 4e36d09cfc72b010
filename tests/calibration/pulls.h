/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are stated errors true? A pull is (estimate - truth)/sigma; over many benches it must have mean 0 and
 * width 1, and 95 % intervals must cover 95 %. Each of the three is held to its own statistical error:
 * with n pulls, of normal errors, 1/sqrt(n), 1/sqrt(2n) and sqrt(0.95 0.05/n). All limits together are
 * missed by chance once in a thousand runs (Bonferroni over three statements a parameter): seeds are
 * fixed, so a run that passes stays.
 *
 * Estimates of one fit are correlated, by rho of its covariance. Then 1/n becomes sum rho/n^2 for the mean, and
 * sum rho^2/n^2 for the other two (squares of normal variates are correlated by rho^2, and so, at most, is
 * whether they are below a limit); sums over all pairs, each with itself included. */
#ifndef OAC_TESTS_CALIBRATION_PULLS_H
#define OAC_TESTS_CALIBRATION_PULLS_H

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define PULLS_FALSE_ALARM 1e-3

struct pulls {
    const char *name;
    double n, sum, sum2, inside;
    double rho, rho2; /* sums over pairs of different pulls */
    double worst;
};

static inline void pulls_add(struct pulls *pulls, double estimate, double truth, double sigma)
{
    const double pull = (estimate - truth) / sigma;
    pulls->n += 1.0;
    pulls->sum += pull;
    pulls->sum2 += pull * pull;
    pulls->inside += fabs(pull) <= 1.959964;
    if (!(fabs(pull) <= pulls->worst))
        pulls->worst = fabs(pull);
}

/* Two pulls that were added are correlated. */
static inline void pulls_correlate(struct pulls *pulls, double rho)
{
    pulls->rho += 2.0 * rho;
    pulls->rho2 += 2.0 * rho * rho;
}

/* Prints one line a parameter; returns how many of the statements fail. */
static inline int pulls_judge(const struct pulls *pulls, int count, FILE *out)
{
    const double z = gsl_cdf_ugaussian_Qinv(PULLS_FALSE_ALARM / (2.0 * 3.0 * count));
    int failed = 0;
    fprintf(out, "%-26s %7s %16s %16s %16s %7s\n", "pull", "n", "mean", "width", "inside 95 %",
            "worst");
    for (int i = 0; i < count; i++) {
        const struct pulls *p = &pulls[i];
        const double means = p->n * p->n / (p->n + p->rho); /* independent pulls, as it were */
        const double squares = p->n * p->n / (p->n + p->rho2);
        const double mean = p->sum / p->n, mean_off = z / sqrt(means);
        const double width = sqrt(p->sum2 / p->n - mean * mean),
                     width_off = z / sqrt(2.0 * squares);
        const double inside = p->inside / p->n, inside_off = z * sqrt(0.95 * 0.05 / squares);
        const bool wrong[3] = {!(fabs(mean) <= mean_off), !(fabs(width - 1.0) <= width_off),
                               !(fabs(inside - 0.95) <= inside_off)};
        fprintf(out, "%-26s %7.0f %+6.3f <%5.3f %c %6.3f <%5.3f %c %6.3f <%5.3f %c %7.2f\n",
                p->name, p->n, mean, mean_off, wrong[0] ? '!' : ' ', width, width_off,
                wrong[1] ? '!' : ' ', inside, inside_off, wrong[2] ? '!' : ' ', p->worst);
        failed += wrong[0] + wrong[1] + wrong[2];
    }
    return failed;
}

#endif
