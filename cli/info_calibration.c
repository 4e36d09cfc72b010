/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/info_calibration.h"

#include <math.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/units.h"
#include "experiments/format.h"
#include "hal/calrec.h"

struct span {
    double low, high;
};

/* Over the channels in use, of a double at `offset` of each. */
static struct span span_of(const struct oac_calrec *calrec, size_t offset)
{
    struct span span = {INFINITY, -INFINITY};
    for (size_t k = 0; k < calrec->channels; k++) {
        const char *channel = (const char *)&calrec->channel[k];
        const double *value = (const void *)(channel + offset);
        if (calrec->channel[k].excluded)
            continue;
        span.low = fmin(span.low, *value);
        span.high = fmax(span.high, *value);
    }
    return span;
}

static void print_span(const char *name, struct span span, const char *unit)
{
    if (span.low <= span.high)
        printf("  %-24s %.6g to %.6g %s\n", name, span.low, span.high, unit);
}

static void print_channels(const struct oac_calrec *calrec)
{
    size_t excluded = 0;
    printf("  %-24s %zu", "channels", calrec->channels);
    for (size_t k = 0; k < calrec->channels; k++)
        if (calrec->channel[k].excluded)
            printf("%s %zu", excluded++ ? "," : ", excluded:", k);
    putchar('\n');
}

static void print_crosstalk(const struct oac_calrec *calrec)
{
    const size_t channels = calrec->channels;
    double worst = 0.0;
    size_t at = 0;
    for (size_t i = 0; calrec->crosstalk && i < channels * channels; i++) {
        if (i / channels == i % channels || !(calrec->crosstalk[i] > worst))
            continue;
        worst = calrec->crosstalk[i];
        at = i;
    }
    if (worst > 0.0)
        printf("  %-24s at most %.1f dB, of laser %zu in readout %zu\n", "crosstalk",
               oac_db_from_power_ratio(worst), at % channels, at / channels);
    else
        printf("  %-24s none\n", "crosstalk");
}

static void print_settings(const struct oac_calrec *calrec)
{
    size_t count = 0;
    for (size_t k = 0; k < calrec->channels; k++)
        for (int s = 0; s < OAC_SETTINGS; s++)
            if (!isnan(calrec->setting[k].value[s]))
                count++;
    printf("  %-24s %zu applied at open\n", "settings", count);
}

enum oac_status oac_info_print_calibration(const char *path, struct oac_err *err)
{
    struct oac_calrec *calrec = NULL;
    uint8_t sum[32];
    char id[OAC_DIGEST_HEX_BYTES];
    if (oac_digest_file(path, sum, err) || oac_calrec_read(path, &calrec, err))
        return err->status;
    oac_digest_hex(sum, id);
    printf("calibration\n");
    printf("  %-24s %s\n", "id", id);
    print_channels(calrec);
    printf("  %-24s %s\n", "slot rate", oac_format_si(calrec->slot_rate_hz, "Bd").text);
    print_span("V_pi", span_of(calrec, offsetof(struct oac_calrec_channel, weight.vpi_v)), "V");
    print_span("V_peak", span_of(calrec, offsetof(struct oac_calrec_channel, weight.vpeak_v)),
               "V");
    print_span("extinction r", span_of(calrec, offsetof(struct oac_calrec_channel, weight.r)),
               "");
    print_span("gain", span_of(calrec, offsetof(struct oac_calrec_channel, gain_code)),
               "codes per slot");
    print_crosstalk(calrec);
    print_settings(calrec);
    oac_calrec_destroy(calrec);
    return OAC_OK;
}
