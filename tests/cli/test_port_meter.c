/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The meter and the plot of oac port. */
#include "cli/port_meter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(port_meter, the_bar_shows_mean_and_extremes_on_the_scale)
{
    char bar[OAC_METER_CELLS_MAX + 1];
    oac_meter_bar(-1.0, 1.0, -0.5, 0.05, 0.45, 20, bar);
    cr_expect_str_eq(bar, "     -----|----     ");
    oac_meter_bar(-1.0, 1.0, 0.0, 0.0, 0.0, 2, bar);
    cr_expect_str_eq(bar, " |");
}

Test(port_meter, a_clipped_end_is_marked_and_only_that)
{
    char bar[OAC_METER_CELLS_MAX + 1];
    oac_meter_bar(0.0, 1.0, 0.25, 0.5, 1.0, 10, bar);
    cr_expect_str_eq(bar, "  ---|---!");
    oac_meter_bar(0.0, 1.0, 0.0, 0.5, 0.95, 10, bar);
    cr_expect_str_eq(bar, "!----|----");
}

Test(port_meter, a_bar_never_outgrows_its_room)
{
    char bar[OAC_METER_CELLS_MAX + 1];
    oac_meter_bar(0.0, 1.0, -5.0, 7.0, 9.0, 1000, bar);
    cr_expect_eq(strlen(bar), OAC_METER_CELLS_MAX);
    cr_expect_eq(bar[OAC_METER_CELLS_MAX - 1], '!');
}

Test(port_meter, a_plot_rises_from_its_lower_left_to_its_upper_right_corner)
{
    const double y[] = {0.0, 1.0, 2.0}, flat[] = {3.0, 3.0};
    char text[3 * 6 + 1];
    oac_meter_plot(3, y, 5, 3, text);
    cr_expect_str_eq(text, "    *\n  *  \n*    \n");
    oac_meter_plot(2, flat, 5, 3, text);
    cr_expect_str_eq(text, "     \n     \n*   *\n");
}
