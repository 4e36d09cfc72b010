/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/calrec_fields.h"

#include <math.h>

#define ANY 1e300

#define CHANNEL(member) offsetof(struct oac_calrec_channel, member)
#define FINDING(member) offsetof(struct oac_calrec_finding, member)
#define RECORD(member)  offsetof(struct oac_calrec, member)
#define SETTING(which)  ((size_t)(which) * sizeof(double))

static const struct oac_calrec_field channel_fields[] = {
    {"/channel/weight_vpi_v", "V", CHANNEL(weight.vpi_v), 1e-9, 1e6, false},
    {"/channel/weight_vpeak_v", "V", CHANNEL(weight.vpeak_v), -1e6, 1e6, false},
    {"/channel/weight_r", "1", CHANNEL(weight.r), -1.0, 0.999999, false},
    {"/channel/gain_code", "code", CHANNEL(gain_code), 0.0, ANY, false},
    {"/channel/gain_minus_code", "code", CHANNEL(gain_minus_code), 0.0, ANY, false},
    {"/channel/offset_code", "code", CHANNEL(offset_code), -ANY, ANY, false},
    {"/channel/dark_code_per_slot", "code", CHANNEL(dark_code_per_slot), -ANY, ANY, false},
    {"/channel/gx_code_per_x", "code", CHANNEL(gx_code_per_x), -ANY, ANY, false},
    {"/channel/offset_pair_code", "code", CHANNEL(offset_pair_code), -ANY, ANY, false},
    {"/channel/dark_pair_code_per_slot", "code", CHANNEL(dark_pair_code_per_slot), -ANY, ANY,
     false},
    {"/channel/gx_pair_code_per_x", "code", CHANNEL(gx_pair_code_per_x), -ANY, ANY, false},
    {"/channel/noise_code", "code", CHANNEL(noise_code), 0.0, ANY, true},
    {"/channel/quadratic_per_code", "1/code", CHANNEL(quadratic_per_code), -ANY, ANY, false},
    {"/channel/cubic_per_code2", "1/code^2", CHANNEL(cubic_per_code2), -ANY, ANY, false},
};

static const struct oac_calrec_field finding_fields[] = {
    {"/finding/parked_t", "1", FINDING(parked_t), 0.0, 10.0, true},
    {"/finding/shot_code2_per_code", "code", FINDING(shot_code2_per_code), 0.0, ANY, true},
    {"/finding/drift_code", "code", FINDING(drift_code), 0.0, ANY, true},
    {"/finding/drift_tau_s", "s", FINDING(drift_tau_s), 0.0, ANY, true},
    {"/finding/delay_s", "s", FINDING(delay_s), -1e3, 1e3, true},
    {"/finding/walkoff_s", "s", FINDING(walkoff_s), -1e3, 1e3, true},
    {"/finding/reference_dark_code", "code", FINDING(reference_dark_code), -ANY, ANY, true},
    {"/finding/reference_light_code", "code", FINDING(reference_light_code), -ANY, ANY, true},
};

static const struct oac_calrec_field client_fields[] = {
    {"/client/vpi_v", "V", offsetof(struct oac_curve, vpi_v), 1e-9, 1e6, false},
    {"/client/vpeak_v", "V", offsetof(struct oac_curve, vpeak_v), -1e6, 1e6, false},
    {"/client/r", "1", offsetof(struct oac_curve, r), -1.0, 0.999999, false},
};

static const struct oac_calrec_field bench_fields[] = {
    {"/bench/slot_rate_hz", "Hz", RECORD(slot_rate_hz), 0.0, 1e15, false},
    {"/bench/skew_s", "s", RECORD(skew_s), -1e3, 1e3, true},
};

static const struct oac_calrec_field setting_fields[] = {
    {"/setting/laser_dbm", "dBm", SETTING(OAC_LASER_DBM), -300.0, 100.0, true},
    {"/setting/laser_on", "1", SETTING(OAC_LASER_ON), 0.0, 1.0, true},
    {"/setting/bias_weight_v", "V", SETTING(OAC_BIAS_WEIGHT_V), -1e6, 1e6, true},
    {"/setting/bias_client_v", "V", SETTING(OAC_BIAS_CLIENT_V), -1e6, 1e6, true},
    {"/setting/predelay_s", "s", SETTING(OAC_PREDELAY_S), -1e3, 1e3, true},
    {"/setting/skew_s", "s", SETTING(OAC_SKEW_S), -1e3, 1e3, true},
    {"/setting/rx_gain", "1", SETTING(OAC_RX_GAIN), 0.0, 1e9, true},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The fields of one struct, as many times as there are channels (or once). */
#define TABLE(list, times, from, name)                                                        \
    (struct oac_calrec_table)                                                                 \
    {                                                                                         \
        .fields = list, .field_count = COUNT(list), .count = times, .stride = sizeof *(from), \
        .object = (char *)(from), .dimension = name                                           \
    }

void oac_calrec_tables(struct oac_calrec *calrec,
                       struct oac_calrec_table tables[OAC_CALREC_TABLES])
{
    const size_t channels = calrec->channels;
    tables[0] = TABLE(bench_fields, 1, calrec, "one");
    tables[1] = TABLE(client_fields, 1, &calrec->client, "one");
    tables[2] = TABLE(channel_fields, channels, calrec->channel, "channel");
    tables[3] = TABLE(finding_fields, channels, calrec->finding, "channel");
    tables[4] = TABLE(setting_fields, channels, calrec->setting, "channel");
}

enum oac_status oac_calrec_check(const struct oac_calrec_field *field, size_t i, double value,
                                 struct oac_err *err)
{
    if ((field->may_be_nan && isnan(value)) || (value >= field->min && value <= field->max))
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL, "%s[%zu] = %g %s is outside %g..%g", field->path, i, value,
                    field->unit, field->min, field->max);
}

enum oac_status oac_calrec_check_crosstalk(const double *crosstalk, size_t channels,
                                           struct oac_err *err)
{
    for (size_t i = 0; i < channels * channels; i++) {
        const size_t k = i / channels, j = i % channels;
        bool right = k == j ? crosstalk[i] == 1.0 : crosstalk[i] >= -1.0 && crosstalk[i] <= 1e6;
        if (!right)
            return oac_fail(err, OAC_EINVAL,
                            "/crosstalk[%zu, %zu] = %g is %s: what readout %zu gets of laser "
                            "%zu, relative to its own",
                            k, j, crosstalk[i], k == j ? "not 1" : "outside -1..1e6", k, j);
    }
    return OAC_OK;
}
