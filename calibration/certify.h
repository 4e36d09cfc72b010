/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a classifier is right at least as often as it must be: a test that may be looked at after each image.
 *
 *     H0: accuracy p <= A.  After s right and f wrong answers the evidence against it is
 *     E = 1/2 sum_prior  int_A^1 (q/A)^s ((1-q)/(1-A))^f prior(q) dq / int_A^1 prior(q) dq
 *       = 1/2 sum_prior  B(a+s,b+f) Q(A;a+s,b+f) / ( B(a,b) Q(A;a,b) A^s (1-A)^f )
 * over two Beta priors: the informed one, from images that are not counted here, and the uniform one, which
 * keeps the test useful when the first was wrong. Q is the Beta distribution's upper tail, B the Beta function.
 *
 * Under H0 an image multiplies each (q/A)^s ((1-q)/(1-A))^f by 1 in the mean at p = A and by less below, so E is a
 * non-negative supermartingale that begins at 1, and by Ville's inequality
 *     P( E >= 1/alpha at any time ) <= alpha
 * whatever rule ends the run. The bound is the largest A that is still refuted; it holds at every look too.
 * Validity: answers independent given the classifier, each image counted once, prior fixed before the first.
 * Sources: J. Ville, Etude critique de la notion de collectif (1939); H. Robbins, Ann. Math. Stat. 41, 1397
 * (1970), mixtures of likelihood ratios; Waudby-Smith, Ramdas, J. R. Stat. Soc. B 86, 1 (2024), bets. */
#ifndef OAC_CALIBRATION_CERTIFY_H
#define OAC_CALIBRATION_CERTIFY_H

#include <stdbool.h>
#include <stddef.h>

struct oac_certify_prior { /* Beta(right, wrong), both > 0 */
    double right, wrong;
};

struct oac_certify_count {
    size_t right, wrong;
};

/* The informed prior from right and wrong answers on other images. They count a quarter, because accuracy on
 * the images to come need not be quite the same. Pure. */
struct oac_certify_prior oac_certify_prior_from(struct oac_certify_count other);

/* ln E of "accuracy <= target", 0 < target < 1. Pure. */
double oac_certify_log_evidence(double target, struct oac_certify_prior prior,
                                struct oac_certify_count count);

/* ln E of "accuracy >= target": evidence that going on is in vain. Pure. */
double oac_certify_log_evidence_against(double target, struct oac_certify_prior prior,
                                        struct oac_certify_count count);

/* Lower confidence bound of the accuracy at confidence 1 - alpha, valid at every look; 0 when nothing is
 * refuted. 0 < alpha < 1. Pure. */
double oac_certify_lower_bound(struct oac_certify_prior prior, double alpha,
                               struct oac_certify_count count);

/* Images after which a classifier of this accuracy is certified with the given probability (that of a normal
 * number of wrong answers), at most `most`; most + 1 when they do not suffice. 0.5 <= power < 1. Pure. */
size_t oac_certify_images(double target, struct oac_certify_prior prior, double alpha,
                          double accuracy, double power, size_t most);

/* What attempt 0, 1, 2 ... may spend of alpha: four fifths of what is left, so that all together spend less
 * than alpha and the first one, which most benches need alone, nearly all. Pure. */
double oac_certify_share(double alpha, unsigned attempt);

#endif
