/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool oac_number_parse(const char *text, double *value)
{
    /* strtod also takes blanks, hexadecimal, nan and inf: none of them is made of these
     * characters. */
    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t old = uselocale(c_locale);
    char *end;
    errno = 0;
    double parsed = strtod(text, &end);
    bool out_of_range = errno == ERANGE && (parsed == 0.0 || !isfinite(parsed));
    uselocale(old);
    freelocale(c_locale);
    if (end == text || *end != '\0' || out_of_range)
        return false;
    *value = parsed;
    return true;
}

bool oac_number_parse_integer(const char *text, int64_t *value)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return false;
    errno = 0;
    long long parsed = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return false;
    *value = parsed;
    return true;
}

void oac_number_format(double value, char text[OAC_NUMBER_BYTES])
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t old = uselocale(c_locale);
    /* Not just the fewest digits: "30" is shorter than "3e+01". */
    snprintf(text, OAC_NUMBER_BYTES, "%.17g", value);
    for (int digits = 1; digits < 17; digits++) {
        char shorter[OAC_NUMBER_BYTES];
        snprintf(shorter, sizeof shorter, "%.*g", digits, value);
        if (strlen(shorter) < strlen(text) && strtod(shorter, NULL) == value)
            strcpy(text, shorter);
    }
    uselocale(old);
    freelocale(c_locale);
}
