/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as text, the same in every locale: strict both ways. */
#ifndef OAC_BASE_NUMBER_H
#define OAC_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define OAC_NUMBER_BYTES 32u

/* True and *value when the whole text is one finite decimal number ("-3", ".5", "1e-12").
 * Blanks, trailing characters, hexadecimal, nan, inf, overflow and underflow to zero are
 * refused. *value is untouched then. */
bool oac_number_parse(const char *text, double *value);

/* The same for a whole decimal number that fits 64 bits: an optional sign and digits only. */
bool oac_number_parse_integer(const char *text, int64_t *value);

/* The shortest decimal text that oac_number_parse turns back into `value`, which must be
 * finite. */
void oac_number_format(double value, char text[OAC_NUMBER_BYTES]);

#endif
