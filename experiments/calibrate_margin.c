/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_margin.h"

#include <math.h>

#include "base/constants.h"
#include "base/rng.h"

#define IMAGES_MOST 1000u

static const double ladder[] = {0.0025, 0.005, 0.01, 0.02, 0.04};

#define RUNGS (sizeof ladder / sizeof ladder[0])

/* +1 or -1 */
static double sign(size_t channel, uint32_t what)
{
    return oac_rng_uniform(1, OAC_RNG_CALIBRATION, UINT64_C(1) << 40 | channel, what) < 0.5
               ? -1.0
               : 1.0;
}

/* A peak that is off by d V changes a transmission by (pi d/V_pi) sqrt(T (1-T)), in the mean over T in 0..1 by
 * (pi^2/8) d/V_pi, and half of that comes through the other modulator. */
static void move_peak(struct oac_curve *curve, double e)
{
    curve->vpeak_v += e * curve->vpi_v * 16.0 / (OAC_PI * OAC_PI);
}

void oac_calibrate_put_wrong(struct oac_calrec *record, double slots, double e)
{
    for (size_t k = 0; k < record->channels; k++) {
        struct oac_calrec_channel *channel = &record->channel[k];
        channel->offset_code += sign(k, 0) * e * slots * channel->gain_code;
        channel->gain_code *= 1.0 + sign(k, 1) * e;
        channel->gain_minus_code *= 1.0 + sign(k, 1) * e;
        move_peak(&channel->weight, sign(k, 2) * e);
    }
    move_peak(&record->client, e);
}

static enum oac_status classify(struct oac_calibrate_bench *bench, size_t images, double e,
                                size_t *right, struct oac_err *err)
{
    struct oac_calibrate_outcome *outcome = bench->outcome;
    struct oac_calrec *truth = outcome->calrec, *wrong;
    if (oac_calrec_copy(truth, &wrong, err))
        return err->status;
    oac_calibrate_put_wrong(wrong, (double)outcome->calibration->slots, e);
    oac_calibrate_bench_clear(bench);
    outcome->calrec = wrong;
    enum oac_status status = oac_calibrate_bench_build(bench, err);
    if (status == OAC_OK)
        status = oac_classifier_count(bench->classifier, bench->reference, 0, images,
                                      bench->sink, NULL, right, err);
    oac_calibrate_bench_clear(bench);
    outcome->calrec = truth;
    oac_calrec_destroy(wrong);
    return status;
}

enum oac_status oac_calibrate_margin(struct oac_calibrate_bench *bench, double *tolerated,
                                     struct oac_err *err)
{
    const size_t all = bench->reference->count;
    const size_t images = all < IMAGES_MOST ? all : IMAGES_MOST;
    size_t low = 0, high = RUNGS; /* rungs below low stand, those from high on do not */
    while (low < high) {
        const size_t rung = (low + high) / 2;
        size_t right = 0;
        if (classify(bench, images, ladder[rung], &right, err))
            return err->status;
        if ((double)right >= bench->request->target * (double)images)
            low = rung + 1;
        else
            high = rung;
    }
    *tolerated = low > 0 ? ladder[low - 1] : 0.0;
    return oac_calibrate_bench_build(bench, err);
}
