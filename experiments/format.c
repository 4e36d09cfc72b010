/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* value rounded to three significant digits. */
static double round3(double value)
{
    char text[32];
    double rounded = value;

    snprintf(text, sizeof text, "%.2e", value);
    return sscanf(text, "%lf", &rounded) == 1 ? rounded : value;
}

/* Digits after the point that leave three significant ones. */
static int decimals(double rounded)
{
    double magnitude = fabs(rounded);
    int places = magnitude > 0.0 ? 2 - (int)floor(log10(magnitude) + 1e-9) : 0;

    return places < 0 ? 0 : places;
}

struct oac_text oac_format_si(double value, const char *unit)
{
    static const char *const prefixes[] = {"a", "f", "p", "n", "\xc2\xb5", "m", "",
                                           "k", "M", "G", "T", "P",        "E"};
    struct oac_text t;
    double rounded = round3(value);

    if (isnan(value))
        snprintf(t.text, sizeof t.text, "unknown");
    else if (rounded == 0.0)
        snprintf(t.text, sizeof t.text, "0 %s", unit);
    else if (!(fabs(rounded) >= 1e-21 && fabs(rounded) < 1e21))
        snprintf(t.text, sizeof t.text, "%.2e %s", rounded, unit);
    else {
        int group = (int)floor(log10(fabs(rounded)) / 3.0 + 1e-9);
        group = group < -6 ? -6 : group; /* 0.128 aJ reads better than 128 zJ */
        double scaled = rounded / pow(1000.0, group);
        snprintf(t.text, sizeof t.text, "%.*f %s%s", decimals(scaled), scaled,
                 prefixes[group + 6], unit);
    }
    return t;
}

struct oac_text oac_format_count(uint64_t value)
{
    struct oac_text t;
    char digits[24];
    size_t used = 0,
           length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            t.text[used++] = ',';
        t.text[used++] = digits[i];
    }
    t.text[used] = '\0';
    return t;
}

struct oac_text oac_format_number(double value)
{
    struct oac_text t;
    double rounded = round3(value);

    if (isnan(value))
        snprintf(t.text, sizeof t.text, "unknown");
    else if (rounded >= 1000.0 && rounded < 1e9)
        return oac_format_count((uint64_t)(rounded + 0.5));
    else if (rounded == 0.0)
        snprintf(t.text, sizeof t.text, "0");
    else if (!(fabs(rounded) >= 1e-4 && fabs(rounded) < 1000.0))
        snprintf(t.text, sizeof t.text, "%.2e", rounded);
    else
        snprintf(t.text, sizeof t.text, "%.*f", decimals(rounded), rounded);
    return t;
}

struct oac_text oac_format_percent(double ratio)
{
    struct oac_text t;

    snprintf(t.text, sizeof t.text, "%.2f %%", 100.0 * ratio);
    return t;
}
