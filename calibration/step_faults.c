/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before anything is fitted: is something broken that no fit would survive or, worse, would hide? */
#include <stdio.h>

#include "calibration/diagnose.h"
#include "calibration/probe.h"
#include "calibration/steps.h"

/* Of so many channels one may be left out; where more are broken, the bench is. */
#define EXCLUDED_PER 4

static enum oac_status run_probes(struct oac_prober *prober, size_t sweep_windows,
                                  struct oac_err *err)
{
    if (oac_probe_dark(prober, err) || oac_probe_client(prober, err) ||
        oac_probe_lasers(prober, err))
        return err->status;
    return oac_probe_drift(prober, sweep_windows, err);
}

enum oac_status oac_diagnose_bench(struct oac_measure *measure,
                                   const struct oac_calibrate_options *options,
                                   const struct oac_calibration *calibration,
                                   struct oac_findings *findings, struct oac_err *err)
{
    const size_t sweep_windows = options->biases * options->codes * options->repeats;
    const uint64_t saturated = measure->saturated;
    struct oac_prober prober;
    enum oac_status status = oac_prober_init(&prober, measure, sweep_windows, err);
    if (status == OAC_OK) {
        for (size_t k = 0; k < measure->channels; k++)
            prober.bias_v[k] = calibration->channel[k].weight_bias_v;
        prober.client_bias_v = calibration->client_bias_v;
        status = run_probes(&prober, sweep_windows, err);
    }
    if (status == OAC_OK) {
        oac_diagnose(&prober.probe, findings);
        if (measure->blind)
            oac_diagnose_blind(measure->blind, measure->channels, findings);
    }
    oac_prober_fini(&prober);
    measure->saturated = saturated; /* long windows are meant to */
    return status;
}

/* What takes a channel away and leaves the others as they are. Cables that were exchanged are put back
 * faster than two channels are replaced. */
static bool of_one_channel(enum oac_diagnosis fault)
{
    return fault == OAC_DIAGNOSIS_SATURATED || fault == OAC_DIAGNOSIS_DEAD_DETECTOR ||
           fault == OAC_DIAGNOSIS_DARK_LASER || fault == OAC_DIAGNOSIS_DARK_CHANNEL ||
           fault == OAC_DIAGNOSIS_STILL || fault == OAC_DIAGNOSIS_STUCK_MODULATOR ||
           fault == OAC_DIAGNOSIS_BLIND;
}

/* Marks the channels that are broken; false when the whole bench is. */
static bool leave_out(const struct oac_findings *findings, struct oac_calibration *calibration)
{
    if (findings->count > OAC_FINDINGS_MAX)
        return false;
    for (size_t i = 0; i < findings->count; i++) {
        const struct oac_finding *finding = &findings->finding[i];
        struct oac_calibration_channel *channel = &calibration->channel[finding->channel];
        if (!of_one_channel(finding->fault))
            return false;
        calibration->excluded += !channel->excluded;
        if (!channel->excluded)
            channel->fault = finding->fault;
        channel->excluded = true;
    }
    return EXCLUDED_PER * calibration->excluded <= calibration->channels;
}

enum oac_status oac_step_faults(struct oac_measure *measure,
                                const struct oac_calibrate_options *options,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_findings findings;
    char line[sizeof err->message - 64]; /* what is put before it fits too */
    if (measure->link->caps->client->ac_coupled)
        return OAC_OK; /* held codes do not pass */
    if (oac_diagnose_bench(measure, options, calibration, &findings, err))
        return err->status;
    if (findings.count == 0)
        return OAC_OK;
    oac_findings_line(&findings, line, sizeof line);
    if (!options->keep_all && leave_out(&findings, calibration)) {
        snprintf(calibration->faults, sizeof calibration->faults, "%s", line);
        oac_log(measure->sink, OAC_LOG_WARNING, "%zu of %zu channels left out: %s",
                calibration->excluded, calibration->channels, line);
        return OAC_OK;
    }
    return oac_fail(err, OAC_EMISSED, "%s", line);
}
