/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a difference chance? Tests for two engines that played the same frames.
 *
 *     t = (mean_w - mean_s)/sqrt((var_w + var_s)/R), nu = 2(R-1) degrees of freedom, becomes the normal
 *         variate of the same tail (Wallace), within 0.02 for nu >= 6:
 *         z = sgn t (8 nu + 1)/(8 nu + 3) sqrt(nu ln(1 + t^2/nu))
 *     rms of n such z is 1; the largest of n |z| has the median m with (2 Phi(m) - 1)^n = 1/2
 *     McNemar, exact: of n images on which just one side is right, the smaller count or fewer under
 *         Binomial(n, 1/2), two-sided
 * Source: D. L. Wallace, Ann. Math. Stat. 30, 1124 (1959); Q. McNemar, Psychometrika 12, 153 (1947). */
#ifndef OAC_EXPERIMENTS_COMPARE_STATISTICS_H
#define OAC_EXPERIMENTS_COMPARE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* z of t with nu > 0 degrees of freedom. Pure. */
double oac_z_from_t(double t, double nu);

/* Probability that n >= 1 independent |z| all stay below z. Pure. */
double oac_z_all_below(double z, size_t n);

/* The median of the largest of n >= 1 |z|. Pure. */
double oac_z_largest_median(size_t n);

/* p of McNemar's exact test; 1 when there is nothing to test. Pure. */
double oac_mcnemar_p(uint64_t only_first, uint64_t only_second);

/* What one layer's outputs say, image by image. Feed every output of an image, then end the
 * image. */
struct oac_layer_test {
    double repeats;
    size_t outputs, images, quiet; /* tested; images; outputs without any variance, left out */
    double z2, z2_of_images, z2_square; /* sums: z^2; image means of z^2 and their squares */
    double z_largest;
    double variance[2], image_variance[2]; /* sums of variances: first (wave), second (sim) */
    double ratio_xx, ratio_xy, ratio_yy;   /* over images, for the ratio's standard error */
    double image_z2;
    size_t image_outputs;
};

/* mean and var of `repeats` readouts each on both sides. */
void oac_layer_test_output(struct oac_layer_test *test, const double mean[2],
                           const double var[2]);
void oac_layer_test_end_image(struct oac_layer_test *test);

/* rms of z and its standard error, of independent outputs or of images, whichever is larger.
 * NAN when nothing was
 * tested. Pure. */
double oac_layer_test_z_rms(const struct oac_layer_test *test, double *error);

/* Ratio first over second of the summed variances, and its standard error in the same way. Pure. */
double oac_layer_test_ratio(const struct oac_layer_test *test, double *error);

#endif
