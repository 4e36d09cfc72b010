/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/certify.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define PRIOR_WEIGHT 0.25
#define SHARE        0.8
#define BOUND_STEPS  50 /* of bisection: 1e-15 */

static double log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* Natural logarithm of one prior's term, without the 1/2. A prior without mass above the target tells nothing. */
static double log_term(double target, struct oac_certify_prior prior, double right,
                       double wrong)
{
    double a = prior.right, b = prior.wrong;
    double mass = gsl_cdf_beta_Q(target, a, b);
    if (!(mass > 0.0))
        return -INFINITY;
    return log_beta(a + right, b + wrong) - log_beta(a, b) +
           log(gsl_cdf_beta_Q(target, a + right, b + wrong)) - log(mass) - right * log(target) -
           wrong * log1p(-target);
}

static double log_evidence(double target, struct oac_certify_prior prior, double right,
                           double wrong)
{
    const struct oac_certify_prior uniform = {1.0, 1.0};
    double informed = log_term(target, prior, right, wrong);
    double plain = log_term(target, uniform, right, wrong);
    double larger = fmax(informed, plain);
    if (!(larger > -INFINITY))
        return -INFINITY;
    return larger + log(0.5 * (exp(informed - larger) + exp(plain - larger)));
}

struct oac_certify_prior oac_certify_prior_from(struct oac_certify_count other)
{
    return (struct oac_certify_prior){1.0 + PRIOR_WEIGHT * (double)other.right,
                                      1.0 + PRIOR_WEIGHT * (double)other.wrong};
}

double oac_certify_log_evidence(double target, struct oac_certify_prior prior,
                                struct oac_certify_count count)
{
    return log_evidence(target, prior, (double)count.right, (double)count.wrong);
}

/* The same test of wrong answers: "error rate <= 1 - target". */
double oac_certify_log_evidence_against(double target, struct oac_certify_prior prior,
                                        struct oac_certify_count count)
{
    const struct oac_certify_prior mirrored = {prior.wrong, prior.right};
    return log_evidence(1.0 - target, mirrored, (double)count.wrong, (double)count.right);
}

double oac_certify_lower_bound(struct oac_certify_prior prior, double alpha,
                               struct oac_certify_count count)
{
    size_t n = count.right + count.wrong;
    double low = 0.0, high = n ? (double)count.right / (double)n : 0.0;
    for (int i = 0; i < BOUND_STEPS && high > low; i++) {
        double target = 0.5 * (low + high);
        if (oac_certify_log_evidence(target, prior, count) >= -log(alpha))
            low = target;
        else
            high = target;
    }
    return low;
}

/* Whether n images suffice when wrong answers are as many as are met with probability `power`. */
static bool suffices(double target, struct oac_certify_prior prior, double alpha,
                     double accuracy, double z, size_t n)
{
    double images = (double)n;
    double wrong = images * (1.0 - accuracy) + z * sqrt(images * accuracy * (1.0 - accuracy));
    wrong = fmin(wrong, images);
    return log_evidence(target, prior, images - wrong, wrong) >= -log(alpha);
}

size_t oac_certify_images(double target, struct oac_certify_prior prior, double alpha,
                          double accuracy, double power, size_t most)
{
    double z = gsl_cdf_ugaussian_Pinv(power);
    size_t low = 0, high = most;
    if (!suffices(target, prior, alpha, accuracy, z, most))
        return most + 1;
    while (high - low > 1) { /* evidence of a fixed quantile grows with n once it is positive */
        size_t n = low + (high - low) / 2;
        if (suffices(target, prior, alpha, accuracy, z, n))
            high = n;
        else
            low = n;
    }
    return high;
}

double oac_certify_share(double alpha, unsigned attempt)
{
    return alpha * SHARE * pow(1.0 - SHARE, (double)attempt);
}
