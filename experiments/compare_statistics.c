/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/compare_statistics.h"

#include <math.h>

double oac_z_from_t(double t, double nu)
{
    double z = (8.0 * nu + 1.0) / (8.0 * nu + 3.0) * sqrt(nu * log1p(t * t / nu));

    return t < 0.0 ? -z : z;
}

double oac_z_all_below(double z, size_t n)
{
    double tail = erfc(fabs(z) / sqrt(2.0)); /* two-sided */

    return exp((double)n * log1p(-tail));
}

double oac_z_largest_median(size_t n)
{
    double low = 0.0, high = 40.0;

    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (low + high);
        if (oac_z_all_below(middle, n) < 0.5)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

double oac_mcnemar_p(uint64_t only_first, uint64_t only_second)
{
    uint64_t fewer = only_first < only_second ? only_first : only_second;
    double n = (double)only_first + (double)only_second, tail = 0.0;

    for (uint64_t i = 0; i <= fewer; i++)
        tail += exp(lgamma(n + 1.0) - lgamma((double)i + 1.0) - lgamma(n - (double)i + 1.0) -
                    n * log(2.0));
    return fmin(1.0, 2.0 * tail);
}

void oac_layer_test_output(struct oac_layer_test *test, const double mean[2],
                           const double var[2])
{
    double both = var[0] + var[1];

    if (!(both > 0.0)) {
        test->quiet++;
        return;
    }
    double t = (mean[0] - mean[1]) / sqrt(both / test->repeats);
    double z = oac_z_from_t(t, 2.0 * (test->repeats - 1.0));
    test->image_z2 += z * z;
    test->image_outputs++;
    test->z_largest = fmax(test->z_largest, fabs(z));
    test->image_variance[0] += var[0];
    test->image_variance[1] += var[1];
}

void oac_layer_test_end_image(struct oac_layer_test *test)
{
    double x = test->image_variance[0], y = test->image_variance[1];

    if (test->image_outputs) {
        double mean = test->image_z2 / (double)test->image_outputs;
        test->images++;
        test->outputs += test->image_outputs;
        test->z2 += test->image_z2;
        test->z2_of_images += mean;
        test->z2_square += mean * mean;
        test->variance[0] += x;
        test->variance[1] += y;
        test->ratio_xx += x * x;
        test->ratio_xy += x * y;
        test->ratio_yy += y * y;
    }
    test->image_z2 = test->image_variance[0] = test->image_variance[1] = 0.0;
    test->image_outputs = 0;
}

double oac_layer_test_z_rms(const struct oac_layer_test *test, double *error)
{
    double n = (double)test->outputs, images = (double)test->images;

    *error = (double)NAN;
    if (test->outputs == 0)
        return (double)NAN;
    double square = test->z2 / n, mean = test->z2_of_images / images;
    double spread = fmax(0.0, test->z2_square / images - mean * mean);
    double error2 = sqrt(2.0 / n); /* of z^2, under agreement */
    if (test->images > 1)
        error2 = fmax(error2, sqrt(spread / (images - 1.0)));
    *error = 0.5 * error2 / fmax(1.0, sqrt(square));
    return sqrt(square);
}

double oac_layer_test_ratio(const struct oac_layer_test *test, double *error)
{
    double n = (double)test->outputs, images = (double)test->images;
    double ratio = test->variance[0] / test->variance[1];

    *error = (double)NAN;
    if (test->outputs == 0 || !(test->variance[1] > 0.0))
        return (double)NAN;
    double independent = ratio * sqrt(4.0 / (n * (test->repeats - 1.0)));
    double residual = test->ratio_xx - 2.0 * ratio * test->ratio_xy +
                      ratio * ratio * test->ratio_yy; /* sum over images of (x - ratio y)^2 */
    double clustered = 0.0;
    if (test->images > 1)
        clustered = sqrt(fmax(0.0, residual) * images / (images - 1.0)) / test->variance[1];
    *error = fmax(independent, clustered);
    return ratio;
}
