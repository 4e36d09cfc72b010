/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/terminal.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void expect(double seconds, const char *expected)
{
    char text[32];
    oac_terminal_format_seconds(seconds, text, sizeof text);
    cr_expect_str_eq(text, expected, "%g s: \"%s\", expected \"%s\"", seconds, text, expected);
}

Test(terminal, times_read_at_a_glance)
{
    expect(0.0, "0.0 s");
    expect(0.44, "0.4 s");
    expect(12.4, "00:12");
    expect(59.6, "01:00");
    expect(3599.0, "59:59");
    expect(3661.0, "1:01:01");
}

Test(terminal, what_is_no_time_is_not_shown_as_one)
{
    expect(NAN, "--:--");
    expect(INFINITY, "--:--");
    expect(-1.0, "--:--");
}
