/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/results.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5.h"
#include "calibration/results_fits.h"

struct column { /* one number of every channel */
    const char *path, *unit;
    size_t offset;
};

#define COLUMN(member) offsetof(struct oac_calibration_channel, member)

static const struct column columns[] = {
    {"/curves/weight_vpi", "V", COLUMN(weight.vpi_v)},
    {"/curves/weight_vpeak", "V", COLUMN(weight.vpeak_v)},
    {"/curves/weight_r", "1", COLUMN(weight.r)},
    {"/curves/client_vpi", "V", COLUMN(client_vpi_v)},
    {"/settings/weight_bias", "V", COLUMN(weight_bias_v)},
    {"/settings/predelay", "s", COLUMN(predelay_s)},
    {"/delay/late", "slot", COLUMN(late_slots)},
    {"/delay/late_sigma", "slot", COLUMN(late_sigma_slots)},
    {"/gain/vector_gain", "1", COLUMN(vector_gain)},
    {"/gain/vector_gain_sigma", "1", COLUMN(vector_gain_sigma)},
    {"/linearity/nonlinearity", "1", COLUMN(nonlinearity)},
    {"/linearity/quadratic", "1/code", COLUMN(quadratic_per_code)},
    {"/linearity/cubic", "1/code^2", COLUMN(cubic_per_code2)},
    {"/verification/rms", "1", COLUMN(verify_rms)},
    {"/verification/bias", "1", COLUMN(verify_bias)},
    {"/noise/dark_sigma", "code", COLUMN(dark_noise.sigma_code)},
    {"/noise/dark_white", "code", COLUMN(dark_noise.white_code)},
    {"/noise/dark_drift", "code/sqrt(window)", COLUMN(dark_noise.drift_code_per_sqrt_window)},
    {"/noise/bright_sigma", "code", COLUMN(bright_noise.sigma_code)},
    {"/noise/bright_white", "code", COLUMN(bright_noise.white_code)},
    {"/noise/bright_drift", "code/sqrt(window)",
     COLUMN(bright_noise.drift_code_per_sqrt_window)},
    {"/noise/effective_bits", "bit", COLUMN(bright_noise.effective_bits)},
    {"/noise/variance_constant", "code^2", COLUMN(variance[0])},
    {"/noise/variance_per_light", "code", COLUMN(variance[1])},
    {"/noise/variance_per_light2", "1", COLUMN(variance[2])},
};

static enum oac_status put_columns(struct oac_h5_writer *writer,
                                   const struct oac_calibration *calibration,
                                   struct oac_err *err)
{
    double *values = oac_alloc(calibration->channels, sizeof *values, "results", err);
    enum oac_status status = values ? OAC_OK : OAC_ENOMEM;
    for (size_t c = 0; status == OAC_OK && c < sizeof columns / sizeof *columns; c++) {
        for (size_t k = 0; k < calibration->channels; k++) {
            memcpy(&values[k], (const char *)&calibration->channel[k] + columns[c].offset,
                   sizeof *values);
            if (calibration->channel[k].excluded)
                values[k] = NAN;
        }
        status =
            oac_h5_put_array(writer, columns[c].path, OAC_H5_F64, 1, &calibration->channels,
                             "channel", columns[c].unit, false, values, err);
    }
    free(values);
    return status;
}

static enum oac_status put_matrices(struct oac_h5_writer *writer,
                                    const struct oac_calibration *calibration,
                                    struct oac_err *err)
{
    const size_t dims[] = {calibration->channels, calibration->channels};
    const size_t allan[] = {calibration->channels, calibration->allan_count};
    const struct {
        const char *path, *names, *unit;
        const size_t *dims;
        const double *data;
    } matrices[] = {
        {"/gain/matrix", "readout,laser", "code/slot", dims, calibration->gain},
        {"/gain/matrix_sigma", "readout,laser", "code/slot", dims, calibration->gain_sigma},
        {"/gain/crosstalk", "readout,laser", "1", dims, calibration->crosstalk},
        {"/gain/unmix", "laser,readout", "1", dims, calibration->unmix},
        {"/noise/allan_dark", "channel,octave", "code", allan, calibration->allan_dark},
        {"/noise/allan_bright", "channel,octave", "code", allan, calibration->allan_bright},
    };
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if (oac_h5_put_array(writer, matrices[i].path, OAC_H5_F64, 2, matrices[i].dims,
                             matrices[i].names, matrices[i].unit, true, matrices[i].data, err))
            return err->status;
    return OAC_OK;
}

static enum oac_status put_scalars(struct oac_h5_writer *writer,
                                   const struct oac_calibration *calibration,
                                   struct oac_err *err)
{
    const struct oac_account *spent = &calibration->spent;
    const struct {
        const char *where, *name;
        double value;
    } reals[] = {
        {"/curves", "client_vpi_v", calibration->client.vpi_v},
        {"/curves", "client_vpeak_v", calibration->client.vpeak_v},
        {"/curves", "client_r", calibration->client.r},
        {"/settings", "client_bias_v", calibration->client_bias_v},
        {"/settings", "skew_s", calibration->skew_s},
        {"/gain", "condition", calibration->condition},
        {"/spent", "bench_s", spent->bench_s},
        {"/spent", "launched_j", spent->launched_j},
        {"/spent", "client_in_j", spent->client_in_j},
        {"/spent", "detected_photons", spent->detected_photons},
    };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (oac_h5_put_real(writer, reals[i].where, reals[i].name, reals[i].value, err))
            return err->status;
    if (calibration->excluded &&
        oac_h5_put_text(writer, "/channel", "faults", calibration->faults, err))
        return err->status;
    if (oac_h5_put_integer(writer, "/spent", "windows", (int64_t)spent->windows, err) ||
        oac_h5_put_integer(writer, "/spent", "slots", (int64_t)spent->slots, err) ||
        oac_h5_put_integer(writer, "/spent", "saturated_readouts",
                           (int64_t)calibration->saturated, err))
        return err->status;
    return oac_h5_put_integer(writer, "/spent", "slots_per_window", (int64_t)calibration->slots,
                              err);
}

static enum oac_status put_source(struct oac_h5_writer *writer,
                                  const struct oac_calibration_source *source,
                                  struct oac_err *err)
{
    const struct {
        const char *name, *text;
    } texts[] = {{"on", source->on}, {"rig_name", source->rig_name}, {"rig", source->rig_text}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text &&
            oac_h5_put_text(writer, "/source", texts[i].name, texts[i].text, err))
            return err->status;
    return oac_h5_put_integer(writer, "/source", "seed", (int64_t)source->seed, err);
}

enum oac_status oac_calibration_put(const struct oac_calibration *calibration,
                                    const struct oac_calrec *calrec,
                                    const struct oac_calibration_source *source,
                                    struct oac_h5_writer *writer, struct oac_err *err)
{
    if (oac_h5_put_provenance(writer, OAC_CALREC_FORMAT, OAC_CALREC_SCHEMA,
                              source->command_line, NULL, err) ||
        oac_calrec_put(calrec, writer, err) || put_source(writer, source, err) ||
        put_columns(writer, calibration, err) || put_matrices(writer, calibration, err) ||
        put_scalars(writer, calibration, err))
        return err->status;
    return oac_calibration_put_fits(calibration, writer, err);
}
