/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the target loop can change on a bench, step by step (calibration/target.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "experiments/calibrate_bench.h"

#define MEASURED_MAX  3u /* times in all: what did not help twice will not help */
#define REPEATS_MAX   8u
#define LIGHT_STEP_DB 3.0 /* twice the light */
#define CLIPPED_MOST \
    1e-3 /* of the readouts of the calibration images: more light would only clip */
#define DRIFTED_SIGMAS   4.0 /* of the difference of two gains */
#define BAD_TIMES_MEDIAN 4.0 /* verification error of a channel that does more harm than good */

/* Channels whose gain moved between two measurements by more than both their errors explain. */
static size_t drifted(const struct oac_calibration *a, const struct oac_calibration *b)
{
    size_t count = 0;
    for (size_t k = 0; k < a->channels; k++) {
        const struct oac_calibration_channel *x = &a->channel[k], *y = &b->channel[k];
        double moved = fabs(x->full_code * x->vector_gain - y->full_code * y->vector_gain);
        double sigma = hypot(x->full_sigma_code, y->full_sigma_code);
        count += !x->excluded && !y->excluded && moved > DRIFTED_SIGMAS * sigma;
    }
    return count;
}

static enum oac_status recalibrate(struct oac_calibrate_bench *bench, bool *changed,
                                   char detail[OAC_TARGET_DETAIL_BYTES], struct oac_err *err)
{
    struct oac_calibration *before = bench->outcome->calibration;
    if (bench->measured >= MEASURED_MAX)
        return OAC_OK;
    bench->outcome->calibration = NULL; /* kept for the comparison */
    enum oac_status status = oac_calibrate_bench_measure(bench, err);
    if (status) {
        bench->outcome->calibration = before;
        return status;
    }
    size_t moved = drifted(before, bench->outcome->calibration);
    oac_calibration_destroy(before);
    *changed = moved > 0;
    snprintf(detail, OAC_TARGET_DETAIL_BYTES, "%zu of %zu channels had drifted", moved,
             bench->outcome->calibration->channels);
    return OAC_OK;
}

static enum oac_status average(struct oac_calibrate_bench *bench, bool *changed,
                               char detail[OAC_TARGET_DETAIL_BYTES])
{
    *changed = 2 * bench->repeats <= REPEATS_MAX;
    if (*changed) {
        bench->repeats *= 2;
        snprintf(detail, OAC_TARGET_DETAIL_BYTES, "%u windows a readout", bench->repeats);
    }
    return OAC_OK;
}

/* Readouts that were clipped so far, of all. */
static double clipped_share(const struct oac_calibrate_bench *bench)
{
    double readouts = 0.0, images = 0.0;
    for (size_t i = 0; i < bench->outcome->looks; i++)
        images += (double)bench->outcome->look[i].images;
    for (size_t l = 0; l < bench->network->layers; l++)
        readouts += images * (double)bench->network->layer[l].outputs * bench->repeats;
    return readouts > 0.0 ? (double)bench->tally.clipped_readouts / readouts : 0.0;
}

/* All lasers up by a step where the range allows; gains are other ones then, so everything is measured
 * again. */
static enum oac_status more_light(struct oac_calibrate_bench *bench, bool *changed,
                                  char detail[OAC_TARGET_DETAIL_BYTES], struct oac_err *err)
{
    const struct oac_range *range = &bench->link->caps->settings[OAC_LASER_DBM];
    size_t raised = 0;
    double dbm, most = -INFINITY;
    if (!(range->max > range->min) || clipped_share(bench) > CLIPPED_MOST)
        return OAC_OK;
    for (size_t k = 0; k < bench->link->caps->channels; k++) {
        if (oac_link_get(bench->link, OAC_LASER_DBM, k, &dbm, err))
            return err->status;
        double wanted = fmin(dbm + LIGHT_STEP_DB, range->max);
        if (wanted - dbm < 0.5 * range->step || wanted == dbm)
            continue;
        if (oac_link_set(bench->link, OAC_LASER_DBM, k, wanted, &dbm, err))
            return err->status;
        raised++;
        most = fmax(most, dbm);
    }
    *changed = raised > 0;
    if (raised == 0)
        return OAC_OK;
    snprintf(detail, OAC_TARGET_DETAIL_BYTES, "%zu lasers up to %.1f dBm", raised, most);
    return oac_calibrate_bench_measure(bench, err);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_error(const struct oac_calibration *calibration, double *scratch)
{
    size_t count = 0;
    for (size_t k = 0; k < calibration->channels; k++)
        if (!calibration->channel[k].excluded)
            scratch[count++] = calibration->channel[k].verify_rms;
    qsort(scratch, count, sizeof *scratch, by_value);
    return scratch[count / 2];
}

/* Rows of channels that err far more than the others go to those. */
static enum oac_status remap(struct oac_calibrate_bench *bench, bool *changed,
                             char detail[OAC_TARGET_DETAIL_BYTES], struct oac_err *err)
{
    struct oac_calrec *calrec = bench->outcome->calrec;
    const struct oac_calibration *calibration = bench->outcome->calibration;
    size_t bad = 0, channels = calrec->channels;
    double *scratch = oac_alloc(channels, sizeof *scratch, "verification errors", err);
    if (!scratch)
        return err->status;
    double limit = BAD_TIMES_MEDIAN * median_error(calibration, scratch);
    free(scratch);
    int used = snprintf(detail, OAC_TARGET_DETAIL_BYTES, "without channels");
    for (size_t k = 0; k < channels; k++) {
        if (calrec->channel[k].excluded || calibration->channel[k].verify_rms <= limit)
            continue;
        calrec->channel[k].excluded = true;
        bad++;
        if (used > 0 && used < (int)OAC_TARGET_DETAIL_BYTES)
            used += snprintf(detail + used, OAC_TARGET_DETAIL_BYTES - (size_t)used, " %zu", k);
    }
    *changed = bad > 0;
    return OAC_OK;
}

enum oac_status oac_calibrate_bench_change(void *context, enum oac_target_step step,
                                           bool *changed, char detail[OAC_TARGET_DETAIL_BYTES],
                                           struct oac_err *err)
{
    struct oac_calibrate_bench *bench = context;
    enum oac_status status = OAC_OK;
    oac_calibrate_bench_clear(bench);
    switch (step) {
    case OAC_STEP_RECALIBRATE:
        status = recalibrate(bench, changed, detail, err);
        break;
    case OAC_STEP_AVERAGE:
        status = average(bench, changed, detail);
        break;
    case OAC_STEP_LIGHT:
        status = more_light(bench, changed, detail, err);
        break;
    case OAC_STEP_REMAP:
        status = remap(bench, changed, detail, err);
        break;
    case OAC_STEP_NONE:
    case OAC_TARGET_STEPS:
        break;
    }
    return status ? status : oac_calibrate_bench_build(bench, err);
}
