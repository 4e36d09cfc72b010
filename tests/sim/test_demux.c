/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/components/demux.h"
#include "sim/rig.h"

enum { CHANNELS = 5 };

static struct oac_rig rig_of(double il_db, double adjacent_db, double nonadjacent_db)
{
    struct oac_rig rig = {.channels = CHANNELS};
    rig.demux.il_db = il_db;
    rig.demux.adjacent_db = adjacent_db;
    rig.demux.nonadjacent_db = nonadjacent_db;
    return rig;
}

Test(demux, neighbours_and_others_are_down_by_their_decibels)
{
    struct oac_rig rig = rig_of(3.0, 20.0, 30.0);
    double x[CHANNELS * CHANNELS], il = pow(10.0, -0.3);
    oac_demux_matrix(&rig, CHANNELS, x);
    for (int k = 0; k < CHANNELS; k++) {
        for (int j = 0; j < CHANNELS; j++) {
            int d = k > j ? k - j : j - k;
            double wanted = d == 0 ? il : d == 1 ? 0.01 * il : 0.001 * il;
            cr_assert_float_eq(x[k * CHANNELS + j], wanted, 1e-15);
        }
    }
}

Test(demux, none_is_diagonal)
{
    struct oac_rig rig = rig_of(0.0, INFINITY, INFINITY);
    double x[CHANNELS * CHANNELS];
    oac_demux_matrix(&rig, CHANNELS, x);
    for (int i = 0; i < CHANNELS * CHANNELS; i++)
        cr_assert_eq(x[i], i % (CHANNELS + 1) == 0 ? 1.0 : 0.0);
    cr_assert(!oac_demux_has_crosstalk(&rig));
    rig.demux.nonadjacent_db = 60.0;
    cr_assert(oac_demux_has_crosstalk(&rig));
}

Test(demux, largest_column_sum_is_that_of_the_matrix)
{
    struct oac_rig rig = rig_of(1.0, 15.0, 25.0);
    double x[CHANNELS * CHANNELS];
    for (size_t channels = 1; channels <= CHANNELS; channels++) {
        double largest = 0.0;
        oac_demux_matrix(&rig, channels, x);
        for (size_t j = 0; j < channels; j++) {
            double sum = 0.0;
            for (size_t k = 0; k < channels; k++)
                sum += x[k * channels + j];
            largest = fmax(largest, sum);
        }
        cr_assert_float_eq(oac_demux_column_max(&rig, channels), largest, 1e-14);
    }
}
