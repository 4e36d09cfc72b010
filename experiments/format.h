/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as a person reads them: three significant digits, SI prefixes, thousands apart. */
#ifndef OAC_EXPERIMENTS_FORMAT_H
#define OAC_EXPERIMENTS_FORMAT_H

#include <stdint.h>

#define OAC_FORMAT_BYTES 32

struct oac_text { /* returned by value, so that calls nest in a printf */
    char text[OAC_FORMAT_BYTES];
};

/* 3.1e-14, "J" -> "31.0 fJ"; from atto (0.128 aJ) to exa, beyond that with an exponent; 0 -> "0 J"; NAN ->
 * "unknown". Rounds before it chooses the prefix: 999.96e-15 is "1.00 pJ". Pure. */
struct oac_text oac_format_si(double value, const char *unit);

/* 12345 -> "12,345". Pure. */
struct oac_text oac_format_count(uint64_t value);

/* Three significant digits, without exponent below a billion: 0.0123, 12.3, 12,300; NAN ->
 * "unknown". Pure. */
struct oac_text oac_format_number(double value);

/* 0.98765 -> "98.77 %". Pure. */
struct oac_text oac_format_percent(double ratio);

#endif
