/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sure an accuracy is.
 *
 *     Wilson score interval of s successes out of n, p = s/n, z = 1.959964 (95 %, two-sided):
 *     ( p + z^2/2n  +-  z sqrt( p(1-p)/n + z^2/4n^2 ) ) / (1 + z^2/n)
 *
 * Valid for independent images and any p, also 0 and 1, where the textbook interval collapses.
 * Source: E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927). */
#ifndef OAC_EXPERIMENTS_STATISTICS_H
#define OAC_EXPERIMENTS_STATISTICS_H

#include <stddef.h>

/* Returned: *low, *high in [0, 1]; 0 and 1 when there were no trials. successes <= trials.
 * Pure. */
void oac_wilson_interval(size_t successes, size_t trials, double *low, double *high);

/* Index of the largest of logits (count >= 1), the first of equals; a NaN is never chosen
 * unless all are, then 0. Pure. */
size_t oac_argmax(size_t count, const float *logits);

#endif
