/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

#include "experiments/format.h"

Test(format, si_prefixes_run_from_atto_to_exa_with_three_digits)
{
    cr_assert_str_eq(oac_format_si(31.01e-15, "J").text, "31.0 fJ");
    cr_assert_str_eq(oac_format_si(375e-15, "J").text, "375 fJ");
    cr_assert_str_eq(oac_format_si(1.28e-19, "J").text, "0.128 aJ");
    cr_assert_str_eq(oac_format_si(1e-24, "J").text, "1.00e-24 J");
    cr_assert_str_eq(oac_format_si(1e-18, "J").text, "1.00 aJ");
    cr_assert_str_eq(oac_format_si(1.28e9, "bit/s").text, "1.28 Gbit/s");
    cr_assert_str_eq(oac_format_si(2.5e-6, "s").text, "2.50 \xc2\xb5s");
    cr_assert_str_eq(oac_format_si(7.0, "s").text, "7.00 s");
    cr_assert_str_eq(oac_format_si(0.0, "J").text, "0 J");
    cr_assert_str_eq(oac_format_si(NAN, "J").text, "unknown");
}

Test(format, rounding_comes_before_the_choice_of_prefix)
{
    cr_assert_str_eq(oac_format_si(999.96e-15, "J").text, "1.00 pJ");
    cr_assert_str_eq(oac_format_si(999.4e-15, "J").text, "999 fJ");
    cr_assert_str_eq(oac_format_number(0.99996).text, "1.00");
    cr_assert_str_eq(oac_format_number(999.6).text, "1,000");
}

Test(format, counts_are_grouped_by_thousands)
{
    cr_assert_str_eq(oac_format_count(0).text, "0");
    cr_assert_str_eq(oac_format_count(999).text, "999");
    cr_assert_str_eq(oac_format_count(1000).text, "1,000");
    cr_assert_str_eq(oac_format_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

Test(format, numbers_keep_three_digits_and_avoid_exponents_where_people_do)
{
    cr_assert_str_eq(oac_format_number(0.0123).text, "0.0123");
    cr_assert_str_eq(oac_format_number(12.34).text, "12.3");
    cr_assert_str_eq(oac_format_number(123456.0).text, "123,000");
    cr_assert_str_eq(oac_format_number(2.5e12).text, "2.50e+12");
    cr_assert_str_eq(oac_format_number(0.0).text, "0");
    cr_assert_str_eq(oac_format_number(NAN).text, "unknown");
    cr_assert_str_eq(oac_format_percent(0.98765).text, "98.77 %");
}
